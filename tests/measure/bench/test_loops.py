"""The load process against a raw server that stalls, breaks off or refuses: what each loop makes of that is known beforehand."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import inf

import pytest

from infractl.measure.bench.arrival import Arrivals
from infractl.measure.bench.job import Address, ClosedJob, OpenJob
from infractl.measure.bench.tool import sender

STALL_S = 0.3
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
BODY = b"{}"


@dataclass
class Server:
    """Answers one request after the other, over all connections: while it stalls, nobody is answered."""

    stalls_at: int = -1
    answer: bytes = ANSWER
    ends_at: int = -1
    answers_in_s: float = 0.0
    taken: int = 0
    turn: threading.Lock = field(default_factory=threading.Lock)

    def run(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection: socket.socket) -> None:
        with connection:
            while self.read(connection):
                with self.turn:
                    self.taken += 1
                    if self.taken == self.ends_at:
                        return
                    if self.taken == self.stalls_at:
                        time.sleep(STALL_S)
                    time.sleep(self.answers_in_s)
                    connection.sendall(self.answer)

    def read(self, connection: socket.socket) -> bool:
        data = b""
        while not data.endswith(b"\r\n\r\n" + BODY):
            try:
                chunk = connection.recv(65536)
            except OSError:
                return False
            if not chunk:
                return False
            data += chunk
        return True


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def address(server: Server, listening: socket.socket) -> Address:
    threading.Thread(target=server.run, args=(listening,), daemon=True).start()
    host, port = listening.getsockname()
    return Address(host=host, port=port, path="/v2/models/m/infer")


def open_job(rate_per_s: float, seconds: float) -> OpenJob:
    return OpenJob(
        arrivals=Arrivals.constant,
        rate_per_s=rate_per_s,
        seconds=seconds,
        seed=1,
        connections=64,
        timeout_s=5.0,
        give_up_s=5.0,
    )


def closed_job(most: int) -> ClosedJob:
    return ClosedJob(streams=1, seconds=20.0, most_s=20.0, most=most, timeout_s=5.0)


def slower_than(load, limit_s: float) -> int:
    return sum(done - began > limit_s for began, done in zip(load.began_s, load.done_s, strict=True))


def test_an_open_loop_shows_a_stall_to_all_that_were_due_during_it(listening) -> None:
    server = Server(stalls_at=30)

    load = sender(address(server, listening))(open_job(100.0, 1.0), [BODY])

    # One is due each 10 ms: those of the first 200 ms of the stall wait for at least the 100 ms that are left of it.
    assert len(load.began_s) == server.taken == 100
    assert load.errors == 0
    assert slower_than(load, 0.1) >= 20


def test_a_service_that_falls_behind_is_slow_and_has_not_failed(listening) -> None:
    """Else the worse a promise is broken, the surer it is that nothing is kept of the measurement."""
    server = Server(answers_in_s=0.02)

    load = sender(address(server, listening))(replace(open_job(500.0, 5.0), give_up_s=0.2), [BODY])

    assert "behind" in load.stopped
    assert load.errors == 0
    assert sum(done == inf for done in load.done_s) > 0


def test_a_closed_loop_shows_a_stall_to_one_request_alone(listening) -> None:
    """Which is why it is not what percentiles are told from."""
    server = Server(stalls_at=30)

    load = sender(address(server, listening))(closed_job(100), [BODY])

    assert len(load.began_s) == 100
    assert slower_than(load, STALL_S * 0.9) == 1


def test_an_answer_that_is_no_success_is_an_error_with_its_first_words(listening) -> None:
    refusal = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 17\r\n\r\n" + b'{"error": "full"}'

    load = sender(address(Server(answer=refusal), listening))(closed_job(5), [BODY])

    assert load.errors == len(load.began_s) > 0
    assert "503" in load.first_error and "full" in load.first_error


def test_what_is_no_http_is_told_and_ends_nobody(listening) -> None:
    load = sender(address(Server(answer=b"220 mail ready\r\n\r\n"), listening))(closed_job(5), [BODY])

    assert load.errors > 0 and load.first_error


def test_a_server_that_ends_is_told_as_gone_or_as_an_error(listening) -> None:
    server = Server(ends_at=10)

    load = sender(address(server, listening))(closed_job(50), [BODY])

    assert load.errors >= 1 or load.gone


def test_where_nobody_listens_it_is_told(listening) -> None:
    host, port = listening.getsockname()
    listening.close()

    load = sender(Address(host=host, port=port, path="/"))(closed_job(5), [BODY])

    assert load.gone or load.errors
