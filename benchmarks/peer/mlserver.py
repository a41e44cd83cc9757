"""MLServer as a process, in the configurations that are tried. What slows it for nothing is off: access log, gzip, tracing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peer.job import NAME, Job
from benchmarks.peer.process import Address, free_ports, serving


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """`workers` processes beside the server's own, and adaptive batching up to `batch` requests within `delay_s`; 1 has none."""

    workers: int
    batch: int = 1
    delay_s: float = 0.0

    def __str__(self) -> str:
        batching = f"adaptive batching up to {self.batch} within {self.delay_s * 1000:g} ms" if self.batch > 1 else "no batching"
        return f"parallel_workers {self.workers}, {batching}"


CONFIGURATIONS = (
    Configuration(workers=0),
    Configuration(workers=1),
    Configuration(workers=2),
    Configuration(workers=0, batch=8, delay_s=0.0005),
    Configuration(workers=0, batch=32, delay_s=0.001),
    Configuration(workers=1, batch=32, delay_s=0.001),
)


@contextmanager
def mlserver(commands: Path, configuration: Configuration, job: Job, folder: Path) -> Iterator[Address]:
    """The server with the job's model, ready; uvloop and httptools are used because they are installed."""
    folder.mkdir()
    http, grpc, metrics = free_ports(3)
    shutil.copy(Path(__file__).with_name("mlserver_model.py"), folder)
    settings = {
        "debug": False,
        "host": "127.0.0.1",
        "http_port": http,
        "grpc_port": grpc,
        "metrics_port": metrics,
        "gzip_enabled": False,
        "parallel_workers": configuration.workers,
    }
    model = {
        "name": NAME,
        "implementation": "mlserver_model.OnnxModel",
        "max_batch_size": configuration.batch,
        "max_batch_time": configuration.delay_s,
        "parameters": {"uri": str(job.model), "version": "1"},
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "model-settings.json").write_text(json.dumps(model))
    address = ("127.0.0.1", http)
    with serving([str(commands / "mlserver"), "start", "."], folder, address, (f"/v2/models/{NAME}/infer", job.bodies()[0])):
        yield address
