"""The real server with a model: it answers requests over HTTP, and the most main memory that it held at once is read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import psutil

from benchmarks.models.network import Subject
from infractl.clock import SystemClock
from infractl.domain.figure import Figure
from infractl.domain.profile import ModelProfile
from infractl.measure.load import post_request, run_load
from infractl.measure.server import SERVICE, RunningServer, running_server
from infractl.placement.memory import RULE, MemoryRule, replica_memory
from infractl.profile.onnx import profile_onnx
from infractl.protocol.settings import ReleaseSettings

_ANSWERS = 6
_READY_WITHIN_S = 60.0
_ASK_AGAIN_S = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Sessions, and how many items each request has: as many as a batch, and as many requests at a time as sessions."""

    batch: int
    instances: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """A model in a server of that shape. `most_bytes` were resident at once, `resident_bytes` at the end."""

    name: str
    profile: ModelProfile
    extents: Mapping[str, int]
    shape: Shape
    most_bytes: int
    resident_bytes: int

    def predicted(self, rule: MemoryRule = RULE) -> Figure:
        of = self.shape
        return replica_memory(self.profile, instances=of.instances, batch=of.batch, extents=self.extents, rule=rule)

    @property
    def ratio(self) -> float:
        return self.predicted().value / self.most_bytes


def replicas(subjects: Iterable[Subject], shapes: Iterable[Shape]) -> Iterator[Replica]:
    """Each model in each shape, each time in a server of its own."""
    shapes = tuple(shapes)
    for subject in subjects:
        profile = profile_onnx(subject.path, subject.path.parent)
        for shape in shapes:
            most, resident = _measured(subject, profile, shape)
            yield Replica(
                name=subject.name,
                profile=profile,
                extents=subject.extents,
                shape=shape,
                most_bytes=most,
                resident_bytes=resident,
            )


def _measured(subject: Subject, profile: ModelProfile, shape: Shape) -> tuple[int, int]:
    with TemporaryDirectory() as folder, running_server(Path(folder), SystemClock()) as server:
        serve(server, subject.path, shape)
        request = post_request(f"/v2/models/{SERVICE}/infer", server.address[0], _body(subject, profile, shape.batch))
        run_load(server.address, request, connections=shape.instances, seconds=60, most=_ANSWERS * shape.instances)
        process = psutil.Process(server.control.status().pid)
        resident = int(process.memory_info().rss)
        return max(_most_bytes(process.pid), resident), resident


def serve(server: RunningServer, model: Path, shape: Shape) -> None:
    """Load the model in that shape, and let it answer. Raises RuntimeError where it does not become ready."""
    server.control.load(
        ReleaseSettings(
            id="1",
            version="1",
            path=str(model),
            digest=sha256(model.read_bytes()).hexdigest(),
            engine="onnxruntime",
            max_batch=shape.batch,
            max_delay_s=0.0,
            instances=shape.instances,
            threads=1,
            max_concurrency=1024,
            warmup=3,
            reject_non_finite=True,
        )
    )
    limit_s = server.clock.monotonic() + _READY_WITHIN_S
    while (status := server.control.status().releases[0]).phase != "ready":
        if status.phase == "failed" or server.clock.monotonic() > limit_s:
            raise RuntimeError(f"{model.name} is {status.phase}: {status.detail}")
        server.clock.sleep(_ASK_AGAIN_S)
    server.control.activate("1")


def _body(subject: Subject, profile: ModelProfile, batch: int) -> bytes:
    """As Python clients write it, with every digit of the numbers."""
    inputs = subject.inputs(batch, np.random.default_rng(1))
    dtypes = {spec.name: str(spec.dtype) for spec in profile.signature.inputs}
    tensors = [
        {"name": name, "shape": values.shape, "datatype": dtypes[name], "data": values.ravel().tolist()}
        for name, values in inputs.items()
    ]
    return json.dumps({"inputs": tensors}).encode()


def _most_bytes(pid: int) -> int:
    """The most that was ever resident, as Linux tells it; 0 elsewhere."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text(encoding="ascii", errors="replace").splitlines() if status.exists() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)
