"""An ASGI app on a listening socket: uvicorn with the parts that we use, and none that belong to the process."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import uvicorn

# Longer than most clients keep an idle connection, so that it is they who close it and no request meets a closed one.
_KEEP_ALIVE_S = 75


class Listener(uvicorn.Server):
    """Serves from `open` to `close`. Signals are the process's affair, not this server's."""

    def __init__(self, app: Any, listening: socket.socket) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http="httptools",
                ws="none",
                lifespan="off",
                interface="asgi3",
                access_log=False,
                log_config=None,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=_KEEP_ALIVE_S,
            )
        )
        self._listening = listening
        self._opened = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Returns once connections are taken. Raises OSError where they cannot be."""
        self._serving = asyncio.create_task(self.serve(sockets=[self._listening]))
        opened = asyncio.create_task(self._opened.wait())
        await asyncio.wait([self._serving, opened], return_when=asyncio.FIRST_COMPLETED)
        if self._serving.done():
            self._serving.result()

    def refuse_connections(self) -> None:
        """Take no new ones; those that are open go on."""
        for server in self.servers:
            server.close()

    def cut_off(self) -> None:
        """Cancel the requests that are being answered."""
        for task in self.server_state.tasks:
            task.cancel()

    async def close(self, within_s: float) -> None:
        """Close idle connections at once, the others after their answer or after `within_s`."""
        if self._serving is None:
            return
        self.should_exit = True
        await asyncio.wait([self._serving], timeout=within_s)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._opened.set()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield
