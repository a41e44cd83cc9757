"""A client of a server's control socket: HTTP over a Unix socket that only its user may open."""

from __future__ import annotations

import http.client
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infractl.protocol.refusal import read_reason
from infractl.protocol.settings import ReleaseSettings, ServerStatus, dumps, read_status

ANSWER_WITHIN_S = 5.0

_LONGEST_ADDRESS_BYTES = 100
"""Linux takes 107 bytes, other systems fewer."""


class ControlError(Exception):
    """The server did not do what it was asked; the message says why. It may also break off, or say what is not understood."""


class NobodyListensError(ControlError):
    """The socket is closed: its server is ending or has ended."""


class SilentError(ControlError):
    """The server is there and does not answer in time: it hangs, is stopped, or is very busy."""


class ChangeRefusedError(ControlError):
    """The server answered with an HTTP status that is no success."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Control:
    """One server's control socket. Each call connects anew, and raises ControlError."""

    path: Path
    answer_within_s: float = ANSWER_WITHIN_S

    def status(self) -> ServerStatus:
        try:
            return read_status(self._ask("GET", "/status"))
        except ValueError as error:
            raise ControlError(f"GET /status: the answer is of another version: {error}") from error

    def load(self, release: ReleaseSettings) -> None:
        """Start to load a release beside what serves."""
        self._ask("PUT", f"/releases/{release.id}", dumps(release))

    def activate(self, release: str) -> None:
        """Let a loaded release answer on the public port, from the next request on."""
        self._ask("PUT", "/active", json.dumps({"release": release}).encode())

    def unload(self, release: str) -> None:
        """Let a release finish what it has, then drop it. One that is absent is fine."""
        try:
            self._ask("DELETE", f"/releases/{release}")
        except ChangeRefusedError as refused:
            if refused.status != http.HTTPStatus.NOT_FOUND:
                raise

    def _ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        asked = f"{method} {path}"
        connection = _UnixConnection(self.path, self.answer_within_s)
        try:
            connection.request(method, path, body, {"content-type": "application/json"} if body else {})
            answer = connection.getresponse()
            data = answer.read()
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise NobodyListensError(f"{asked}: nobody listens: {error.strerror}") from error
        # A full queue of connections, too: nobody takes them.
        except (TimeoutError, BlockingIOError) as error:
            raise SilentError(f"{asked}: no answer within {self.answer_within_s:g}s") from error
        except (OSError, http.client.HTTPException) as error:
            raise ControlError(f"{asked}: {error or type(error).__name__}") from error
        finally:
            connection.close()
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            raise ChangeRefusedError(f"{asked}: {answer.status} {read_reason(data)}", answer.status)
        return data


@contextmanager
def socket_address(path: Path) -> Iterator[str]:
    """What to bind or connect to for the socket at `path`. An address has little room: a long path goes through its directory."""
    if len(os.fsencode(path)) <= _LONGEST_ADDRESS_BYTES:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, answer_within_s: float) -> None:
        super().__init__("localhost", timeout=answer_within_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        with socket_address(self._path) as address:
            self.sock.connect(address)
