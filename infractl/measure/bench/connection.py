"""One connection that never blocks, with at most one request on its way."""

from __future__ import annotations

import errno
import os
import socket
from selectors import EVENT_READ, EVENT_WRITE, BaseSelector

from infractl.measure.bench.answer import AnswerError, AnswerReader

_PIECE_BYTES = 262_144
_IN_PROGRESS = (errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY)


class UnreachableError(Exception):
    """Nobody listens at the address: the server is not there, or not any more."""


class BrokenError(Exception):
    """A connection ended, or what came over it is no answer; the request on it has none."""


class Connection:
    """It opens with its first request, and registers itself with `selector`. `request` is the number of what it sent last."""

    __slots__ = ("_opening", "_rest", "_selector", "_watched", "answer", "request", "sent_s", "socket")

    def __init__(self, selector: BaseSelector, family: int, address: tuple[str, int]) -> None:
        """Raises UnreachableError where the address refuses at once."""
        self.answer = AnswerReader()
        self.request = -1
        self.sent_s = 0.0
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector = selector
        self._rest = memoryview(b"")
        code = self.socket.connect_ex(address)
        self._opening = code in _IN_PROGRESS
        if code and not self._opening:
            self.socket.close()
            raise UnreachableError(os.strerror(code))
        self._watched = EVENT_WRITE if self._opening else EVENT_READ
        selector.register(self.socket, self._watched, self)

    def send(self, number: int, request: bytes, now_s: float) -> None:
        """Send as much as goes; `write` sends what is left. Raises BrokenError."""
        self.request, self.sent_s = number, now_s
        self.answer.reset()
        self._rest = memoryview(request)
        if not self._opening:
            self._write()

    def write(self) -> None:
        """The socket takes more. Raises UnreachableError where it could not be opened, BrokenError where it broke."""
        if self._opening:
            if code := self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise UnreachableError(os.strerror(code))
            self._opening = False
        self._write()

    def receive(self) -> bool:
        """Take what has come; whether the answer is whole. Raises BrokenError, also where a resting connection ends."""
        try:
            piece = self.socket.recv(_PIECE_BYTES)
            if piece:
                if self.request < 0:
                    raise BrokenError(f"an answer to no request: {piece[:60]!r}")
                return self.answer.feed(piece)
        except BlockingIOError:
            return False
        except (OSError, AnswerError) as error:
            raise BrokenError(str(error)) from error
        if self.request >= 0 and self.answer.end():
            return True
        raise BrokenError("the server closed the connection before it had answered")

    def rest(self) -> None:
        """The answer was taken: nothing is on its way."""
        self.request = -1

    def close(self) -> None:
        self._selector.unregister(self.socket)
        self.socket.close()

    def _write(self) -> None:
        try:
            if self._rest:
                self._rest = self._rest[self.socket.send(self._rest) :]
        except BlockingIOError:
            pass
        except OSError as error:
            raise BrokenError(str(error)) from error
        watched = EVENT_READ | EVENT_WRITE if self._rest else EVENT_READ
        if watched != self._watched:
            self._watched = watched
            self._selector.modify(self.socket, watched, self)
