"""Who is inside: requests are counted in and out, up to a bound; a closed gate lets nobody in and empties."""

from __future__ import annotations

import asyncio


class Gate:
    """Used on one event loop only, so that a plain number suffices. `bound` None lets everybody in."""

    def __init__(self, bound: int | None = None) -> None:
        self.bound = bound
        self.inside = 0
        self.closed = False
        self._empty = asyncio.Event()

    def enter(self) -> bool:
        """Whether one more may come in, who is then inside until `leave`."""
        if self.closed or (self.bound is not None and self.inside >= self.bound):
            return False
        self.inside += 1
        return True

    def leave(self) -> None:
        self.inside -= 1
        if self.closed and not self.inside:
            self._empty.set()

    def close(self) -> None:
        self.closed = True
        if not self.inside:
            self._empty.set()

    async def emptied(self) -> None:
        """Returns once the gate is closed and nobody is inside."""
        await self._empty.wait()
