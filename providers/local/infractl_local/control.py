"""A client of a server's control socket: HTTP over a Unix socket that only this user may open."""

from __future__ import annotations

import http.client
import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infractl.errors import ProviderError, TransientProviderError
from infractl.protocol.settings import ReleaseSettings, ServerStatus, dumps, read_status

LONGEST_ADDRESS_BYTES = 100
"""Linux takes 107 bytes, other systems fewer."""


class NobodyListensError(TransientProviderError):
    """The socket is closed: its server is ending or has ended. One that hangs is silent instead."""


@dataclass(frozen=True, slots=True)
class Control:
    """One server's control socket. Each call connects anew, and raises TransientProviderError where nobody answers."""

    path: Path
    timeout_s: float = 5.0

    def status(self) -> ServerStatus:
        try:
            return read_status(self._ask("GET", "/status"))
        except (ValueError, TypeError, KeyError) as error:
            raise ProviderError.of(
                "control-answer",
                summary="the server's control socket gives an answer that this version does not know",
                detail=str(error),
                at=str(self.path),
                remedy="destroy the service and apply it again, so that its server is of this version",
            ) from error

    def load(self, release: ReleaseSettings) -> None:
        """Start to load a release beside what serves."""
        self._ask("PUT", f"/releases/{release.id}", dumps(release))

    def activate(self, release: str) -> None:
        """Let a loaded release answer on the public port, from the next request on."""
        self._ask("PUT", "/active", json.dumps({"release": release}).encode())

    def unload(self, release: str) -> None:
        """Let a release finish what it has, then drop it. One that is absent is fine."""
        self._ask("DELETE", f"/releases/{release}", absent_is_fine=True)

    def _ask(self, method: str, path: str, body: bytes | None = None, *, absent_is_fine: bool = False) -> bytes:
        connection = _UnixConnection(self.path, self.timeout_s)
        try:
            connection.request(method, path, body, {"content-type": "application/json"} if body else {})
            answer = connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException) as error:
            closed = isinstance(error, FileNotFoundError | ConnectionRefusedError)
            raise (NobodyListensError if closed else TransientProviderError).of(
                "control-unreachable",
                summary="the server does not answer on its control socket",
                detail=f"{method} {path}: {error or type(error).__name__}",
                at=str(self.path),
                remedy="look into server.log beside the socket; if the server hangs, end its process and apply again",
            ) from error
        finally:
            connection.close()
        if answer.status >= 400 and not (absent_is_fine and answer.status == 404):
            # A server that is stopping says so with 503: another will take its place.
            kind = TransientProviderError if answer.status == 503 else ProviderError
            raise kind.of(
                "control-refused",
                summary="the server refused a change",
                detail=f"{method} {path}: {answer.status} {reason(data)}",
                at=str(self.path),
                remedy="run infractl plan again: the server is not as the last plan saw it",
            )
        return data


def reason(body: bytes) -> str:
    """The words of an error body: its `error` member, or its text."""
    try:
        document: Any = json.loads(body)
    except ValueError:
        document = None
    if isinstance(document, dict) and "error" in document:
        return str(document["error"])
    return body[:500].decode(errors="replace").strip()


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        if len(os.fsencode(self._path)) <= LONGEST_ADDRESS_BYTES:
            self.sock.connect(str(self._path))
            return
        # The address has no room for the path: go through the open directory.
        directory = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self.sock.connect(f"/proc/self/fd/{directory}/{self._path.name}")
        finally:
            os.close(directory)
