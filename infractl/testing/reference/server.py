"""The reference provider's process: `python -m infractl.testing.reference.server DIRECTORY`. The standard library alone.

It listens on a free loopback port and writes port and password into `address.json`, for this user alone; each event goes to
`log.jsonl` before it is answered. It ends when it is told to, when its directory is gone, or when nobody asks for a long time.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from infractl.testing.reference.world import RefusedError, World

ADDRESS_FILE = "address.json"
LOG_FILE = "log.jsonl"
IDLE_LIMIT_S = 900.0
LOOK_EVERY_S = 0.02
EXCHANGE_LIMIT_S = 10.0
CALLS = ("begin", "poll", "read", "find", "delay", "holds", "lines")


class Server(socketserver.ThreadingTCPServer):
    """One world, one call at a time. It ends once those are answered that asked before."""

    request_queue_size = 128
    """Of more that ask at once than this, the kernel lets some wait for seconds."""

    def __init__(self, directory: Path) -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        self.directory = directory
        self.connected: set[Any] = set()
        self.password = secrets.token_hex(16)
        self.world = World(now=time.monotonic, log=self._write)
        self.guard = threading.Lock()
        self.asked_at = time.monotonic()
        (directory / LOG_FILE).touch(mode=0o600)
        _place(directory / ADDRESS_FILE, {"port": self.server_address[1], "password": self.password, "pid": os.getpid()})

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        if not hmac.compare_digest(str(request.get("password")), self.password):
            return {"refused": {"slug": "password", "detail": "the password is not this server's"}}
        call = request["call"]
        if call == "stop":
            threading.Thread(target=self.shutdown, daemon=True).start()
            return {"answer": None}
        with self.guard:
            self.asked_at = time.monotonic()
            self.world.advance()
            try:
                if call not in CALLS:
                    raise RefusedError("call-unknown", f"there is no call {call}")
                return {"answer": getattr(self.world, call)(**request["given"])}
            except RefusedError as refused:
                return {"refused": {"slug": refused.slug, "detail": str(refused)}}

    def service_actions(self) -> None:
        """Between requests: operations end on their own."""
        with self.guard:
            self.world.advance()
        if time.monotonic() - self.asked_at > IDLE_LIMIT_S or not (self.directory / ADDRESS_FILE).exists():
            threading.Thread(target=self.shutdown, daemon=True).start()

    def _write(self, event: Mapping[str, Any]) -> None:
        with (self.directory / LOG_FILE).open("a") as log:
            log.write(json.dumps(event, sort_keys=True) + "\n")

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connected.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.connected.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """What was asked is answered yet; whoever keeps a connection for later is waited for no longer."""
        for connection in tuple(self.connected):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
        super().server_close()


class Exchange(socketserver.StreamRequestHandler):
    """One line in, one line out, as often as the client likes."""

    timeout = EXCHANGE_LIMIT_S
    server: Server

    def handle(self) -> None:
        with suppress(TimeoutError, ConnectionError):
            while line := self.rfile.readline():
                self.wfile.write(json.dumps(self.server.answer(json.loads(line))).encode() + b"\n")


def _place(path: Path, content: Mapping[str, Any]) -> None:
    """The whole file or none of it."""
    partial = path.with_suffix(".partial")
    with open(partial, "w", opener=_private) as file:
        json.dump(content, file)
    partial.replace(path)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def main(directory: Path) -> None:
    with Server(directory) as server:
        server.serve_forever(poll_interval=LOOK_EVERY_S)
    (directory / ADDRESS_FILE).unlink(missing_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
