"""An app on a listening socket, from its first connection to its last. Signals are the process's affair."""

from __future__ import annotations

import asyncio
import socket
from email.utils import formatdate

from infractl.runtime.connection import Connection, Patience
from infractl.runtime.exchange import App

BACKLOG = 2048
_TICK_S = 1.0
_PATIENCE = Patience()


class Listener:
    """Serves from `open` to `close`. Once a second it looks after the connections that take too long."""

    def __init__(self, app: App, listening: socket.socket, patience: Patience = _PATIENCE) -> None:
        self.app = app
        self.patience = patience
        self.connections: set[Connection] = set()
        self.date = b""
        self.now_s = 0.0
        self._listening = listening
        self._server: asyncio.Server | None = None
        self._ticking: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        """Returns once connections are taken. Raises OSError where they cannot be."""
        loop = asyncio.get_running_loop()
        self._tick()
        make = loop.create_unix_server if self._listening.family is socket.AF_UNIX else loop.create_server
        self._server = await make(lambda: Connection(self), sock=self._listening, backlog=BACKLOG)

    def refuse_connections(self) -> None:
        """Take no new ones; those that are open go on."""
        if self._server is not None:
            self._server.close()

    def cut_off(self) -> None:
        """Refuse the requests that are being answered."""
        for connection in list(self.connections):
            connection.cut_off()

    async def close(self, within_s: float) -> None:
        """Close idle connections at once, the others after their answer or after `within_s`."""
        self.refuse_connections()
        for connection in list(self.connections):
            connection.finish()
        deadline_s = asyncio.get_running_loop().time() + within_s
        while self.connections and asyncio.get_running_loop().time() < deadline_s:
            await asyncio.sleep(0.01)
        for connection in list(self.connections):
            connection.abort()
        if self._ticking is not None:
            self._ticking.cancel()

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        self.date = formatdate(usegmt=True).encode()
        self.now_s = loop.time()
        for connection in list(self.connections):
            connection.expire(self.now_s)
        self._ticking = loop.call_later(_TICK_S, self._tick)
