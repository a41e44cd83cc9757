"""A request and its one answer, between a connection that reads and writes and an app that knows what to answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol
from urllib.parse import unquote

from infractl.protocol.refusal import RequestError
from infractl.runtime.http import Header, path_of


class Exchange:
    """A request as far as it was read, and where its answer goes. Header names are in lower case."""

    __slots__ = (
        "_send",
        "answered",
        "gone",
        "headers",
        "keep_alive",
        "method",
        "pieces",
        "size_bytes",
        "target",
        "visit",
        "whole",
    )

    def __init__(self, send: Callable[[Exchange, int, bytes, tuple[Header, ...]], None]) -> None:
        self.method = ""
        self.target = b""
        self.headers: dict[bytes, bytes] = {}
        self.keep_alive = True
        self.pieces: list[bytes] = []
        self.size_bytes = 0
        self.whole = False
        self.visit: Visit | None = None
        self.answered = False
        self.gone = False
        """Whether the client has hung up, so that nobody reads the answer."""
        self._send = send

    @property
    def path(self) -> bytes:
        """As it was sent, without the query."""
        return path_of(self.target)

    @property
    def readable_path(self) -> str:
        """For a reason that people read."""
        return unquote(self.path.decode("latin-1"))

    def answer(self, status: int, body: bytes, *headers: Header) -> None:
        """Send the answer; it comes once. What is said to a client that is gone is not heard."""
        self._send(self, status, body, headers)


class Visit(Protocol):
    """A request whose head was let in. It ends with the exchange's answer, or with `lose`."""

    def receive(self, body: bytes) -> None:
        """The whole body is here."""
        ...

    def refuse(self, refusal: RequestError) -> None:
        """Answer with this and with nothing else any more: the body is too large or too slow, or the server ends."""
        ...

    def lose(self) -> None:
        """The client has hung up before its answer."""
        ...


class App(Protocol):
    """What answers the requests of a port."""

    largest_body_bytes: int

    def begin(self, exchange: Exchange) -> Visit | None:
        """The head has come. None where it was answered at once, whatever body may follow."""
        ...
