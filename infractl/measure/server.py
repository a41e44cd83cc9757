"""The real model server as a child process, for as long as a measurement takes, and ended whatever happens."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from infractl.clock import Clock
from infractl.errors import InfractlError
from infractl.protocol.control import Control, ControlError
from infractl.protocol.settings import (
    LOG_FILE,
    RECORD_FILE,
    SETTINGS_FILE,
    SOCKET_FILE,
    ReleaseSettings,
    ServerSettings,
    dumps,
    read_record,
)

SERVICE = "calibration"
START_WITHIN_S = 20.0
_END_WITHIN_S = 5.0
_ASK_AGAIN_S = 0.01


class MeasureError(InfractlError):
    """Something could not be measured on this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningServer:
    """Where a server answers, and its control socket."""

    address: tuple[str, int]
    control: Control
    clock: Clock

    def load(self, model: Path, *, max_batch: int) -> str:
        """Load a model with one session, wait until it is ready, and give its name for `activate`. Raises MeasureError."""
        release = _release(model, max_batch)
        with _answering():
            self.control.load(release)
        _wait(self.clock, lambda: self._is_ready(release.id), f"the server did not load {model.name} in time")
        return release.id

    def activate(self, release: str) -> None:
        """Let a loaded model answer from the next request on. Raises MeasureError."""
        with _answering():
            self.control.activate(release)

    def _is_ready(self, release: str) -> bool:
        with _answering():
            status = self.control.status()
        phase, detail = next(((r.phase, r.detail) for r in status.releases if r.settings.id == release), ("absent", ""))
        if phase == "failed":
            raise _failed(f"the server cannot serve an empty model: {detail}")
        return phase == "ready"


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except ControlError as error:
        raise _failed(f"the server's control socket: {error}") from error


@contextmanager
def running_server(directory: Path, clock: Clock) -> Iterator[RunningServer]:
    """Start the server in `directory`, which must exist; it ends with the block, or with us. Raises MeasureError."""
    settings = ServerSettings(
        service=SERVICE,
        host="127.0.0.1",
        port=0,
        directory=str(directory),
        labels={},
        grace_s=_END_WITHIN_S / 2,
        until_stdin_ends=True,
    )
    (directory / SETTINGS_FILE).write_bytes(dumps(settings))
    command = [sys.executable, "-m", "infractl.runtime", str(directory / SETTINGS_FILE)]
    with (
        (directory / LOG_FILE).open("wb") as log,
        # The pipe closes with this process, even if it is killed: then the server ends by itself.
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT) as child,
    ):
        try:
            _wait(clock, lambda: _listens(child, directory), "the server did not start in time")
            record = read_record((directory / RECORD_FILE).read_bytes())
            yield RunningServer(address=(record.host, record.port), control=Control(directory / SOCKET_FILE), clock=clock)
        finally:
            _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(_END_WITHIN_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _listens(child: subprocess.Popen[bytes], directory: Path) -> bool:
    if child.poll() is not None:
        last = (directory / LOG_FILE).read_text(errors="replace").strip().splitlines()[-1:]
        raise _failed(f"the server ended with status {child.returncode}: {''.join(last)}")
    return (directory / RECORD_FILE).exists()


def _wait(clock: Clock, is_so: Callable[[], bool], otherwise: str) -> None:
    limit_s = clock.monotonic() + START_WITHIN_S
    while not is_so():
        if clock.monotonic() > limit_s:
            raise _failed(otherwise)
        clock.sleep(_ASK_AGAIN_S)


def _release(model: Path, max_batch: int) -> ReleaseSettings:
    return ReleaseSettings(
        id=f"{model.stem}-{max_batch}",
        version="1",
        path=str(model),
        digest=sha256(model.read_bytes()).hexdigest(),
        engine="onnxruntime",
        max_batch=max_batch,
        max_delay_s=0.0,
        instances=1,
        threads=1,
        max_concurrency=1024,
        warmup=3,
        reject_non_finite=True,
    )


def _failed(detail: str) -> MeasureError:
    return MeasureError.of(
        "calibration-failed",
        summary="this machine could not be calibrated",
        detail=detail,
        remedy="pip install 'infractl[runtime]', see that processes may listen on 127.0.0.1, and run the command again",
    )
