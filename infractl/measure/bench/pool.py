"""The connections of a load, and one turn of waiting for them: who was answered, who failed, whether to stop."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector, SelectorKey

from infractl.measure.bench.connection import BrokenError, Connection, UnreachableError
from infractl.measure.bench.job import Address

LOOK_S = 0.05
"""How often requests without an answer are looked through, and the longest wait for anything."""

MOST_ERRORS = 100
MOST_ERROR_SHARE = 0.1
"""More than both, and the run ends: a service that refuses what it gets is not to be asked a million times."""

Settled = Callable[[int, bool], None]
"""Told of each request, by its number, when it is answered (True) or has failed."""


class Pool:
    """Up to `most` connections, each opened when it is first needed; the one that rested least is taken first.

    Times are seconds since `start`. `settled` may send again.
    """

    def __init__(self, address: Address, *, most: int, timeout_s: float, stop_descriptor: int | None) -> None:
        """Raises OSError where the host's name is not known. `stop_descriptor` ends the load when it becomes readable."""
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0]
        self._family, self._address = found[0], (str(found[4][0]), int(found[4][1]))
        self._selector = DefaultSelector()
        self._most, self._timeout_s = most, timeout_s
        self._free: list[Connection] = []
        self._taken: set[Connection] = set()
        self._looked_s = 0.0
        self._epoch = 0.0
        self.settled: Settled = lambda number, good: None
        self.errors = 0
        self.requests = 0
        self.first_error = ""
        self.stopped = ""
        self.gone = ""
        if stop_descriptor is not None:
            self._selector.register(stop_descriptor, EVENT_READ, None)

    def start(self) -> None:
        self._epoch = time.perf_counter()

    def now_s(self) -> float:
        return time.perf_counter() - self._epoch

    @property
    def full(self) -> bool:
        return not self._free and len(self._taken) >= self._most

    @property
    def under_way(self) -> int:
        """How many requests have no answer yet."""
        return len(self._taken)

    @property
    def ended(self) -> bool:
        """Whether no more is to be sent."""
        return bool(self.stopped or self.gone)

    def send(self, number: int, request: bytes) -> None:
        """Send a request over a free connection or a new one; never while the pool is full. A failure is told to `settled`."""
        self.requests += 1
        try:
            connection = self._free.pop() if self._free else Connection(self._selector, self._family, self._address)
        except UnreachableError as error:
            self.gone = str(error)
            self._fail(number, str(error))
            return
        self._taken.add(connection)
        try:
            connection.send(number, request, self.now_s())
        except BrokenError as error:
            self._break(connection, str(error))

    def turn(self, wait_s: float, spin_s: float = 0.0) -> None:
        """Wait up to `wait_s` for anything to happen, the last `spin_s` of it awake, and settle what has happened."""
        for key, mask in self._ready(min(wait_s, LOOK_S), spin_s):
            if key.data is None:
                self.stopped = "it was told to stop"
                return
            self._attend(key.data, mask)
        now_s = self.now_s()
        if now_s - self._looked_s > LOOK_S:
            self._looked_s = now_s
            for connection in [c for c in self._taken if now_s - c.sent_s > self._timeout_s]:
                self._break(connection, f"no answer within {self._timeout_s:g}s")

    def abandon(self, why: str) -> None:
        """What has no answer yet has failed."""
        for connection in list(self._taken):
            self._break(connection, why)

    def close(self) -> None:
        for connection in (*self._taken, *self._free):
            connection.close()
        self._selector.close()

    def _ready(self, wait_s: float, spin_s: float) -> list[tuple[SelectorKey, int]]:
        """A selector rounds its wait up to milliseconds; `select` on its own descriptor wakes within tens of microseconds."""
        if wait_s > spin_s:
            readable, _, _ = select.select((self._selector,), (), (), wait_s - spin_s)
            if not readable:
                return []
        return self._selector.select(0)

    def _attend(self, connection: Connection, mask: int) -> None:
        try:
            if mask & EVENT_WRITE:
                connection.write()
            if mask & EVENT_READ and connection.receive():
                self._answered(connection)
        except BrokenError as error:
            if connection in self._taken:
                self._break(connection, str(error))
            else:
                # A server may end a connection that rests.
                self._free.remove(connection)
                connection.close()
        except UnreachableError as error:
            self.gone = str(error)
            self._break(connection, str(error))

    def _answered(self, connection: Connection) -> None:
        number, answer = connection.request, connection.answer
        good = 200 <= answer.status < 300
        self._taken.discard(connection)
        connection.rest()
        if answer.closes:
            connection.close()
        else:
            self._free.append(connection)
        if good:
            self.settled(number, True)
        else:
            self._fail(number, f"{answer.status} {answer.text}")

    def _break(self, connection: Connection, why: str) -> None:
        number = connection.request
        self._taken.discard(connection)
        connection.close()
        self._fail(number, why)

    def _fail(self, number: int, why: str) -> None:
        self.errors += 1
        self.first_error = self.first_error or why
        if self.errors > MOST_ERRORS and self.errors > MOST_ERROR_SHARE * self.requests:
            self.stopped = self.stopped or f"{self.errors} of {self.requests} requests failed"
        self.settled(number, False)
