"""Our own server with the job's model, as a provider starts it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from benchmarks.peer.job import NAME, Job
from benchmarks.peer.process import Address
from infractl.clock import SystemClock
from infractl.measure.server import SERVICE, running_server
from infractl.protocol.settings import ReleaseSettings

MAX_BATCH = 32
_READY_WITHIN_S = 20.0
_ASK_AGAIN_S = 0.01


def release(job: Job) -> ReleaseSettings:
    return ReleaseSettings(
        id="1",
        version="1",
        path=str(job.model),
        digest=sha256(job.model.read_bytes()).hexdigest(),
        engine="onnxruntime",
        max_batch=MAX_BATCH,
        max_delay_s=0.0,
        instances=1,
        threads=1,
        max_concurrency=1024,
        warmup=3,
        reject_non_finite=True,
    )


@contextmanager
def infractl(job: Job, folder: Path) -> Iterator[Address]:
    """The server, ready, under the service's name SERVICE."""
    folder.mkdir()
    clock = SystemClock()
    with running_server(folder, clock) as server:
        server.control.load(release(job))
        limit_s = clock.monotonic() + _READY_WITHIN_S
        while (status := server.control.status().releases[0]).phase != "ready":
            if status.phase == "failed" or clock.monotonic() > limit_s:
                raise RuntimeError(f"{NAME} is {status.phase}: {status.detail}")
            clock.sleep(_ASK_AGAIN_S)
        server.control.activate("1")
        yield server.address


__all__ = ["MAX_BATCH", "SERVICE", "infractl", "release"]
