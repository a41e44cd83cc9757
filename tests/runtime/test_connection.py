"""HTTP as clients speak it, well and badly: a real listener on loopback, and an app that answers when the test lets it."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
import uvloop

from infractl.protocol.refusal import RequestError
from infractl.runtime.connection import Patience
from infractl.runtime.exchange import Exchange
from infractl.runtime.http import check_head
from infractl.runtime.listener import Listener

Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]
PATIENCE_S = 20


class Visit:
    def __init__(self, app: Desk, exchange: Exchange) -> None:
        self.app, self.exchange = app, exchange

    def receive(self, body: bytes) -> None:
        if self.exchange.path == b"/fault":
            raise KeyError("a fault of ours")
        self.app.waiting.append((self.exchange, body))
        if not self.app.holds:
            self.app.answer_all()

    def refuse(self, refusal: RequestError) -> None:
        self.app.refused.append(refusal.status)
        self.exchange.answer(refusal.status, refusal.reason.encode())

    def lose(self) -> None:
        self.app.lost += 1


class Desk:
    """Answers with the path and the body, at once or, while it `holds`, when told to. `/now` is answered from the head alone."""

    largest_body_bytes = 1000

    def __init__(self) -> None:
        self.holds = False
        self.waiting: list[tuple[Exchange, bytes]] = []
        self.refused: list[int] = []
        self.lost = 0

    def begin(self, exchange: Exchange) -> Visit | None:
        if exchange.path == b"/now":
            exchange.answer(200, b"now")
            return None
        if exchange.path == b"/fault-of-head":
            raise KeyError("a fault of ours")
        visit = Visit(self, exchange)
        try:
            check_head(exchange.headers, self.largest_body_bytes)
        except RequestError as refusal:
            visit.refuse(refusal)
            return None
        return visit

    def answer_all(self) -> None:
        waiting, self.waiting = self.waiting, []
        for exchange, body in waiting:
            exchange.answer(200, exchange.path + b" " + body)


Talk = Callable[[Desk, Listener, Callable[[], Awaitable[Client]]], Coroutine[Any, Any, None]]


def serve(talk: Talk, patience: Patience | None = None) -> Desk:
    """Hold the talk with a listener, which must then close in time and leave no connection."""

    async def run() -> Desk:
        desk = Desk()
        with socket.create_server(("127.0.0.1", 0)) as listening:
            listener = Listener(desk, listening, patience or Patience())
            await listener.open()

            async def connect() -> Client:
                return await asyncio.open_connection(*listening.getsockname())

            await asyncio.wait_for(talk(desk, listener, connect), PATIENCE_S)
            await asyncio.wait_for(listener.close(0.5), PATIENCE_S)
            assert not [c for c in listener.connections if not c._transport.is_closing()]
        return desk

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run())


def request(path: str = "/", body: bytes = b"", *headers: str, method: str = "POST", version: str = "1.1") -> bytes:
    lines = [f"{method} {path} HTTP/{version}", "host: x", f"content-length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def answer(client: Client, *, method: str = "POST") -> tuple[int, dict[str, str], bytes]:
    head = (await client[0].readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {name: value for name, _, value in (line.partition(": ") for line in head[1:-2])}
    assert headers["date"].endswith("GMT")
    length = 0 if method == "HEAD" else int(headers["content-length"])
    return int(head[0].split()[1]), headers, await client[0].readexactly(length)


async def is_closed(client: Client) -> bool:
    return await client[0].read() == b""


async def until(is_so: Callable[[], bool]) -> None:
    while not is_so():
        await asyncio.sleep(0.005)


def test_requests_that_come_in_one_piece_are_answered_in_their_order() -> None:
    async def talk(desk: Desk, listener: Listener, connect: Any) -> None:
        client = await connect()
        desk.holds = True
        client[1].write(b"".join(request(f"/{number}", b"%d" % number) for number in range(50)) + request("/now"))
        for number in range(50):
            await until(lambda: len(desk.waiting) == 1)
            desk.answer_all()
            assert (await answer(client))[2] == b"/%d %d" % (number, number)
        assert (await answer(client))[2] == b"now"

    serve(talk)


def test_thousands_of_quick_answers_behind_a_slow_one_do_not_nest() -> None:
    async def talk(desk: Desk, listener: Listener, connect: Any) -> None:
        client = await connect()
        desk.holds = True
        client[1].write(request("/slow") + request("/now") * 3000)
        await until(lambda: len(desk.waiting) == 1)
        desk.answer_all()
        assert (await answer(client))[2] == b"/slow "
        for _ in range(3000):
            assert (await answer(client))[2] == b"now"

    serve(talk)


def test_a_request_may_come_byte_by_byte() -> None:
    async def talk(desk: Desk, listener: Listener, connect: Any) -> None:
        client = await connect()
        for byte in request("/slowly?in=pieces", b"body"):
            client[1].write(bytes([byte]))
            await client[1].drain()
            await asyncio.sleep(0)
        assert (await answer(client))[2] == b"/slowly body"

    serve(talk)


def test_a_body_in_chunks_is_put_together_and_bounded() -> None:
    async def talk(desk: Desk, listener: Listener, connect: Any) -> None:
        client = await connect()
        head = b"POST /c HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
        client[1].write(head + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        assert (await answer(client))[2] == b"/c abcde"
        client[1].write(head + b"3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n")
        assert (await answer(client))[0] == 413
        client[1].write(request("/on", b"goes"))
        assert (await answer(client))[2] == b"/on goes"

    assert serve(talk).refused == [413]


def test_what_is_refused_by_its_head_may_still_send_its_body() -> None:
    async def talk(desk: Desk, listener: Listener, connect: Any) -> None:
        client = await connect()
        client[1].write(request("/large", b"x" * 1001))
        assert (await answer(client))[0] == 413
        client[1].write(request("/on", b"goes"))
        assert (await answer(client))[2] == b"/on goes"

    serve(talk)


def test_who_asks_before_sending_the_body_is_told_to_go_on_or_that_it_is_refused() -> None:
    async def talk(desk: Desk, listener: Listener, connect: Any) -> None:
        client = await connect()
        asking = request("/e", b"body", "expect: 100-continue")
        client[1].write(asking[:-4])
        assert await client[0].readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        client[1].write(asking[-4:])
        assert (await answer(client))[2] == b"/e body"
        client[1].write(request("/e", b"", "expect: 100-continue").replace(b"content-length: 0", b"content-length: 5000"))
        assert (await answer(client))[0] == 413

    serve(talk)


@pytest.mark.parametrize(
    "said", [request("/b", b"x", "connection: close"), request("/b", b"x", "connection: keep-alive", version="1.0")]
)
def test_a_connection_that_does_not_go_on_is_closed_after_its_answer(said: bytes) -> None:
    async def talk(desk: Desk, listener: Listener, connect: Any) -> None:
        client = await connect()
        client[1].write(said + request("/too-late"))
        _, headers, body = await answer(client)
        assert (headers["connection"], body) == ("close", b"/b x")
        assert await is_closed(client)

    serve(talk)


def test_an_offer_of_another_protocol_is_not_taken_up() -> None:
    async def talk(desk: Desk, listener: Listener, connect: Any) -> None:
        client = await connect()
        offer = request("/u", b"", "connection: upgrade, http2-settings", "upgrade: h2c", "http2-settings: AAMAAABk")
        client[1].write(offer * 2000 + request("/on", b"goes"))
        for _ in range(2000):
            assert (await answer(client))[2] == b"/u "
        assert (await answer(client))[2] == b"/on goes"

    serve(talk)


def test_an_answer_to_head_has_its_length_and_no_body() -> None:
    async def talk(desk: Desk, listener: Listener, connect: Any) -> None:
        client = await connect()
        client[1].write(request("/now", method="HEAD"))
        assert (await answer(client, method="HEAD"))[1]["content-length"] == "3"
        client[1].write(request("/on", b"goes"))
        assert (await answer(client))[2] == b"/on goes"

    serve(talk)


@pytest.mark.parametrize(
    "said",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nno number\r\n",
    ],
)
def test_what_is_no_request_is_told_so_and_ends_the_connection(said: bytes) -> None:
    async def talk(desk: Desk, listener: Listener, connect: Any) -> None:
        client = await connect()
        client[1].write(said)
        assert (await answer(client))[0] == 400
        assert await is_closed(client)

    serve(talk)


@pytest.mark.parametrize("beginning", [b"GET /", b"GET / HTTP/1.1\r\nlong: ", b"GET / HTTP/1.1\r\n"])
def test_a_head_that_does_not_end_is_refused(beginning: bytes) -> None:
    async def talk(desk: Desk, listener: Listener, connect: Any) -> None:
        client = await connect()
        client[1].write(beginning)
        answering = asyncio.create_task(answer(client))
        while not answering.done():
            client[1].write(b"x: y\r\n" * 1000 if beginning.endswith(b"\n") else b"x" * 8000)
            await asyncio.sleep(0.005)
        assert answering.result()[0] == 431

    serve(talk)


def test_nonsense_behind_a_request_that_is_being_answered_ends_the_connection() -> None:
    async def talk(desk: Desk, listener: Listener, connect: Any) -> None:
        client = await connect()
        desk.holds = True
        client[1].write(request("/held"))
        await until(lambda: len(desk.waiting) == 1)
        client[1].write(b"\x00\x00\r\n")
        assert await is_closed(client)
        desk.answer_all()

    assert serve(talk).lost == 1


@pytest.mark.parametrize("path", ["/fault", "/fault-of-head"])
def test_a_fault_of_the_server_is_an_answer_and_a_line_in_the_log(path: str, caplog: pytest.LogCaptureFixture) -> None:
    async def talk(desk: Desk, listener: Listener, connect: Any) -> None:
        faulty, other = await connect(), await connect()
        faulty[1].write(request(path))
        assert (await answer(faulty))[0] == 500
        assert await is_closed(faulty)
        other[1].write(request("/on", b"goes"))
        assert (await answer(other))[2] == b"/on goes"

    with caplog.at_level(logging.ERROR):
        serve(talk)

    assert [record.getMessage() for record in caplog.records] == [f"a request failed by a fault of this server: {path}"]


def test_a_client_that_leaves_is_lost_once_and_its_answer_is_not_written() -> None:
    async def talk(desk: Desk, listener: Listener, connect: Any) -> None:
        client = await connect()
        desk.holds = True
        client[1].write(request("/left"))
        await until(lambda: len(desk.waiting) == 1)
        client[1].close()
        await until(lambda: desk.lost == 1)
        assert desk.waiting[0][0].gone
        desk.answer_all()

    assert serve(talk).lost == 1


IMPATIENT = Patience(head_s=0.1, body_s=0.1)


@pytest.mark.parametrize("sent", [b"", b"POST / HTTP/1.1\r\nhost: ", request() + b"GET "])
def test_a_connection_whose_next_head_does_not_come_is_closed(sent: bytes) -> None:
    async def talk(desk: Desk, listener: Listener, connect: Any) -> None:
        client = await connect()
        client[1].write(sent)
        if sent.startswith(request()):
            assert (await answer(client))[0] == 200
        assert await is_closed(client)

    serve(talk, IMPATIENT)


def test_a_body_that_does_not_come_is_refused_and_closed() -> None:
    async def talk(desk: Desk, listener: Listener, connect: Any) -> None:
        client = await connect()
        client[1].write(request("/", b"body")[:-1])
        status, headers, body = await answer(client)
        assert (status, headers["connection"]) == (408, "close")
        assert b"did not arrive within 0.1s" in body
        assert await is_closed(client)

    assert serve(talk, IMPATIENT).refused == [408]


def test_an_answer_may_take_longer_than_a_body() -> None:
    async def talk(desk: Desk, listener: Listener, connect: Any) -> None:
        client = await connect()
        desk.holds = True
        client[1].write(request("/long"))
        await until(lambda: len(desk.waiting) == 1)
        # Past the next two looks at the connections.
        await asyncio.sleep(2.2)
        desk.answer_all()
        assert (await answer(client))[2] == b"/long "

    serve(talk, IMPATIENT)


def test_closing_waits_for_the_answer_that_is_due_and_not_for_the_idle() -> None:
    async def talk(desk: Desk, listener: Listener, connect: Any) -> None:
        idle, busy = await connect(), await connect()
        idle[1].write(request("/now"))
        await answer(idle)
        desk.holds = True
        busy[1].write(request("/last"))
        await until(lambda: len(desk.waiting) == 1)
        closing = asyncio.create_task(listener.close(PATIENCE_S))
        assert await is_closed(idle)
        assert not closing.done()
        desk.answer_all()
        _, headers, body = await answer(busy)
        assert (headers["connection"], body) == ("close", b"/last ")
        await closing

    serve(talk)


def test_a_large_answer_reaches_a_client_that_reads_slowly() -> None:
    async def talk(desk: Desk, listener: Listener, connect: Any) -> None:
        client = await connect()
        desk.holds = True
        client[1].write(request("/big") + request("/now"))
        await until(lambda: len(desk.waiting) == 1)
        [(exchange, _)] = desk.waiting
        exchange.answer(200, b"x" * 20_000_000)
        await asyncio.sleep(0.05)
        assert len((await answer(client))[2]) == 20_000_000
        assert (await answer(client))[2] == b"now"

    serve(talk)
