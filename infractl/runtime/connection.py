"""One HTTP/1.1 connection: httptools reads the requests, and their answers go out in the same order, each in one write.

Not an ASGI server: what a message of its own for every part of a request costs is more than a small model takes.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import deque
from dataclasses import dataclass
from typing import Protocol, cast

import httptools

from infractl.protocol.inference import encode_error
from infractl.protocol.refusal import RequestError
from infractl.runtime.exchange import App, Exchange
from infractl.runtime.http import CLOSE, JSON, Header, answer_head, too_large

log = logging.getLogger(__name__)

_LARGEST_HEAD_BYTES = 64 * 2**10
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a connection may take to send a head, idle time before it included, and then the body."""

    # Longer than most clients keep an idle connection, so that it is they who close it and no request meets a closed one.
    head_s: float = 75.0
    body_s: float = 30.0


class Port(Protocol):
    """What the connections of one listener share."""

    app: App
    patience: Patience
    connections: set[Connection]
    date: bytes
    """For the header of that name."""
    now_s: float
    """The event loop's time, up to a second ago."""


class Connection(asyncio.Protocol):
    """Made for each client. Requests that come before the answer to the one before them wait for it."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self._app = port.app
        self._parser = httptools.HttpRequestParser(self)
        self._incoming: Exchange | None = None
        """What is being read."""
        self._target = b""
        self._head_bytes = 0
        self._current: Exchange | None = None
        """What is answered next; the others wait behind it."""
        self._later: deque[Exchange] = deque()
        self._beginning = False
        self._finishing = False
        self._deadline_s = math.inf

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._port.connections.add(self)
        self._deadline_s = self._port.now_s + self._port.patience.head_s

    def connection_lost(self, exc: Exception | None) -> None:
        self._port.connections.discard(self)
        lost, self._later = [*self._later], deque()
        if self._current is not None:
            lost.insert(0, self._current)
        for exchange in lost:
            exchange.gone = True
            visit, exchange.visit = exchange.visit, None
            if visit is not None:
                visit.lose()

    def data_received(self, data: bytes) -> None:
        begun = self._incoming
        rest: bytes | memoryview = data
        while rest:
            try:
                self._parser.feed_data(rest)
                rest = b""
            except httptools.HttpParserUpgrade as upgrade:
                # An offer that need not be taken up: what follows is HTTP/1.1 as before.
                rest = memoryview(rest)[upgrade.args[0] :]
            except httptools.HttpParserError as error:
                self._break_off(RequestError(400, f"this is no HTTP: {error}"))
                return
        if begun is not None and begun is self._incoming and not begun.method:
            # What came in one piece with the beginning is not counted: other requests may have come with it.
            self._head_bytes += len(data)
            if self._head_bytes > _LARGEST_HEAD_BYTES:
                self._break_off(RequestError(431, f"the head is larger than {_LARGEST_HEAD_BYTES} bytes"))

    def pause_writing(self) -> None:
        # Who does not read its answers is not read from either.
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        if not self._later:
            self._transport.resume_reading()

    # httptools' side

    def on_message_begin(self) -> None:
        self._incoming = Exchange(self._send)
        self._target = b""
        self._head_bytes = 0

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._incoming is not None:
            self._incoming.headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        exchange = self._incoming
        if exchange is None or self._transport.is_closing():
            return
        exchange.method = self._parser.get_method().decode("ascii")
        exchange.target = self._target
        exchange.keep_alive = self._parser.should_keep_alive() and not self._finishing
        # Version 1.0 can ask for it as well, and would have to be told that it gets it: who asks for that today?
        if b"connection" in exchange.headers and self._parser.get_http_version() == "1.0":
            exchange.keep_alive = False
        if self._current is None:
            self._begin(exchange)
        else:
            self._later.append(exchange)
            self._transport.pause_reading()

    def on_body(self, body: bytes) -> None:
        exchange = self._incoming
        if exchange is None or exchange.answered:
            return
        exchange.pieces.append(body)
        exchange.size_bytes += len(body)
        if exchange.size_bytes > self._app.largest_body_bytes and exchange.visit is not None:
            exchange.visit.refuse(too_large(self._app.largest_body_bytes))

    def on_message_complete(self) -> None:
        exchange, self._incoming = self._incoming, None
        if exchange is None:
            return
        exchange.whole = True
        if exchange is self._current:
            self._receive(exchange)

    # the app's side

    def _begin(self, exchange: Exchange) -> None:
        self._current = exchange
        self._deadline_s = self._port.now_s + self._port.patience.body_s
        try:
            visit = self._app.begin(exchange)
        except Exception:  # noqa: BLE001 - a fault of ours is told and logged, and harms this connection alone
            self._fail(exchange)
            return
        if exchange.answered or visit is None:
            return
        exchange.visit = visit
        if b"expect" in exchange.headers and exchange.headers[b"expect"].lower() == b"100-continue":
            self._transport.write(_CONTINUE)

    def _receive(self, exchange: Exchange) -> None:
        if exchange.visit is None or exchange.answered:
            return
        try:
            exchange.visit.receive(b"".join(exchange.pieces))
        except Exception:  # noqa: BLE001 - as above
            self._fail(exchange)

    def _send(self, exchange: Exchange, status: int, body: bytes, headers: tuple[Header, ...]) -> None:
        if exchange.answered or exchange.gone or self._transport.is_closing():
            return
        exchange.answered = True
        # The visit knows the exchange: a ring that would have to be found by the collector.
        exchange.visit = None
        exchange.pieces = []
        if not exchange.keep_alive and CLOSE not in headers:
            headers = (*headers, CLOSE)
        head = answer_head(status, headers)
        shown = b"" if exchange.method == "HEAD" else body
        self._transport.write(b"%bdate: %b\r\ncontent-length: %d\r\n\r\n%b" % (head, self._port.date, len(body), shown))
        if CLOSE in headers:
            self._transport.close()
            return
        self._current = None
        self._deadline_s = self._port.now_s + self._port.patience.head_s
        if self._later and not self._beginning:
            self._go_on()

    def _go_on(self) -> None:
        """Begin those that have waited, up to one whose answer takes time. A loop: their answers must not nest."""
        self._beginning = True
        while self._later and self._current is None:
            exchange = self._later.popleft()
            self._begin(exchange)
            if exchange.whole:
                self._receive(exchange)
        self._beginning = False
        if not self._later and not self._transport.is_closing():
            self._transport.resume_reading()

    # the listener's side

    def expire(self, now_s: float) -> None:
        """Close it if it has taken too long; a request whose body is awaited is told so. The answer may take what it takes."""
        exchange = self._current
        if now_s < self._deadline_s or (exchange is not None and exchange.whole):
            return
        if exchange is not None and exchange.visit is not None:
            exchange.keep_alive = False
            exchange.visit.refuse(RequestError(408, f"the body did not arrive within {self._port.patience.body_s:g}s"))
        self._transport.close()

    def finish(self) -> None:
        """Close it now if nothing is being answered, else after the answer."""
        self._finishing = True
        if self._current is None:
            self._transport.close()
        else:
            self._current.keep_alive = False

    def cut_off(self) -> None:
        """Answer at once, with a refusal, what is being answered."""
        exchange = self._current
        if exchange is not None and exchange.visit is not None:
            exchange.visit.refuse(RequestError(503, "the server stopped before the answer was ready"))

    def abort(self) -> None:
        """Close it whatever is under way."""
        self._transport.abort()

    def _break_off(self, refusal: RequestError) -> None:
        """Answer what is no request, unless others are to be answered first, and close."""
        exchange = self._current or Exchange(self._send)
        exchange.keep_alive = False
        if exchange.visit is not None and not exchange.whole:
            exchange.visit.refuse(refusal)
        elif self._current is None:
            exchange.answer(refusal.status, encode_error(refusal.reason), JSON)
        self._transport.close()

    def _fail(self, exchange: Exchange) -> None:
        log.exception("a request failed by a fault of this server: %s", exchange.readable_path)
        refusal = RequestError(500, "the server failed")
        exchange.keep_alive = False
        if exchange.visit is not None:
            exchange.visit.refuse(refusal)
        else:
            exchange.answer(refusal.status, encode_error(refusal.reason), JSON)
