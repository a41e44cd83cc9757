"""A client of the reference provider's process, and the way to start and stop one."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infractl.errors import BusyProviderError, ProviderError, TransientProviderError
from infractl.testing.reference.server import ADDRESS_FILE, LOG_FILE

CALL_LIMIT_S = 10.0
START_LIMIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Cloud:
    """The process whose files lie in `directory`."""

    directory: Path

    def call(self, name: str, /, **given: Any) -> Any:
        """Raises ProviderError where the call is refused, TransientProviderError where it may succeed later."""
        try:
            address = json.loads((self.directory / ADDRESS_FILE).read_bytes())
            request = {"password": address["password"], "call": name, "given": given}
            answer = json.loads(_asked(address["port"], json.dumps(request).encode() + b"\n"))
        except (OSError, ValueError) as error:
            raise TransientProviderError.of(
                "reference-unreachable",
                summary="the reference provider's process does not answer",
                detail=f"{type(error).__name__}: {error}",
                at=str(self.directory),
                remedy="start it: infractl.testing.reference.cloud.start(DIRECTORY)",
            ) from error
        if refused := answer.get("refused"):
            kind = BusyProviderError if refused["slug"] == "busy" else ProviderError
            raise kind.of(
                f"reference-{refused['slug']}", summary="the reference provider refuses a call", detail=refused["detail"]
            )
        return answer["answer"]

    def delay(self, kind: str, action: str, seconds: float) -> None:
        """How long operations of this sort take from now on."""
        self.call("delay", kind=kind, action=action, seconds=seconds)

    def log(self, *, event: str = "") -> list[dict[str, Any]]:
        """What the process did, oldest first: the oracle that tests compare with. Read from the file, not asked for."""
        entries = [json.loads(line) for line in (self.directory / LOG_FILE).read_text().splitlines()]
        return [entry for entry in entries if event in ("", entry["event"])]

    def stop(self) -> None:
        self.call("stop")
        deadline = time.monotonic() + START_LIMIT_S
        while (self.directory / ADDRESS_FILE).exists() and time.monotonic() < deadline:
            time.sleep(0.01)


class _Connection:
    """One call at a time; it is kept for later ones."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=CALL_LIMIT_S)
        self._answers = self._socket.makefile("rb")

    def ask(self, line: bytes) -> bytes:
        self._socket.sendall(line)
        return self._answers.readline()

    def close(self) -> None:
        self._answers.close()
        self._socket.close()


_idle: dict[int, deque[_Connection]] = defaultdict(deque)
"""Connections that wait for work, by port."""

# A forked process must not listen to what its parent is answered.
os.register_at_fork(after_in_child=_idle.clear)


def _asked(port: int, line: bytes) -> bytes:
    """The answer, on a connection that is kept or on a new one. Raises OSError; what the process gave up is no error."""
    idle = _idle[port]
    while True:
        try:
            connection, kept = idle.pop(), True
        except IndexError:
            connection, kept = _Connection(port), False
        try:
            answer = connection.ask(line)
        except ConnectionError:
            answer = b""
        except BaseException:
            connection.close()
            raise
        if answer:
            idle.append(connection)
            return answer
        connection.close()
        if not kept:
            raise ConnectionError("it was broken off")


def start(directory: Path) -> Cloud:
    """Start a process of its own, which goes on when this one ends. Raises ProviderError where it does not come up."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    command = [sys.executable, "-m", "infractl.testing.reference.server", str(directory)]
    with (directory / "errors.txt").open("wb") as errors:
        process = subprocess.Popen(
            command, start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors
        )
    deadline = time.monotonic() + START_LIMIT_S
    while not (directory / ADDRESS_FILE).exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            process.wait()
            raise ProviderError.of(
                "reference-start",
                summary="the reference provider's process does not start",
                detail=(directory / "errors.txt").read_text(errors="replace"),
                at=str(directory),
            )
        time.sleep(0.01)
    return Cloud(directory)


@contextmanager
def running(directory: Path) -> Iterator[Cloud]:
    """A process for as long as the block runs."""
    cloud = start(directory)
    try:
        yield cloud
    finally:
        cloud.stop()
