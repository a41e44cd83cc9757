"""A server as a process for as long as it is measured, in whatever language it is written."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

START_WITHIN_S = 60.0
_END_WITHIN_S = 10.0

Address = tuple[str, int]


@contextmanager
def serving(
    command: Sequence[str], folder: Path, address: Address, probe: tuple[str, bytes], environment: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Started in `folder`, and ready: it answers `probe`, a path and a body to POST there, with 200.

    Raises RuntimeError with the end of its log where it does not come to that.
    """
    log = folder / "server.log"
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")}
    with log.open("wb") as output:
        # A session of its own, so that the processes that it starts end with it.
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**kept, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait(process, address, probe, log)
        yield
    finally:
        _end(process)


def free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago, all different."""
    with ExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [listener.getsockname()[1] for listener in listeners]


def post(address: Address, path: str, body: bytes) -> tuple[int, bytes]:
    """The status and the body of the answer."""
    connection = http.client.HTTPConnection(*address, timeout=10)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _wait(process: subprocess.Popen[bytes], address: Address, probe: tuple[str, bytes], log: Path) -> None:
    limit_s = time.monotonic() + START_WITHIN_S
    answer: object = None
    while process.poll() is None and time.monotonic() < limit_s:
        try:
            answer = post(address, *probe)
        except (OSError, http.client.HTTPException) as error:
            answer = error
        else:
            if answer[0] == http.HTTPStatus.OK:
                return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} does not answer ({answer}): {log.read_text(errors='replace')[-2000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_END_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
