"""The load client against small servers that answer well, late in pieces, badly, or not at all."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from infractl.measure.load import LoadError, post_request, run_load

GOOD = (b"HTTP/1.1 200 OK\r\ncontent-", b"length: 5\r\n\r\nhe", b"llo")
REQUEST = post_request("/infer", "localhost", b"{}")


@contextmanager
def answering(*pieces: bytes, heard: list[bytes] | None = None) -> Iterator[tuple[str, int]]:
    """A server that answers each request with these pieces, sent one by one; with none it hangs up. `heard` gets the requests."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve(connection: socket.socket) -> None:
            # The client closes while an answer is on its way.
            with connection, suppress(ConnectionError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                while (request := connection.recv(65536)) and pieces:
                    if heard is not None:
                        heard.append(request)
                    for piece in pieces:
                        connection.sendall(piece)

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        yield listener.getsockname()
        listener.shutdown(socket.SHUT_RDWR)
        accepting.join(5)


def test_answers_in_pieces_are_counted_once_each() -> None:
    with answering(*GOOD) as address:
        result = run_load(address, REQUEST, connections=3, seconds=10, most=50)

    assert 50 <= len(result.latencies_s) <= 52
    assert all(latency > 0 for latency in result.latencies_s)
    assert result.per_s == pytest.approx(len(result.latencies_s) / result.elapsed_s)


def test_several_requests_are_sent_in_turn_over_all_connections() -> None:
    heard: list[bytes] = []
    others = [post_request("/infer", "localhost", b"%d" % number) for number in range(2)]

    with answering(*GOOD, heard=heard) as address:
        run_load(address, REQUEST, others=others, connections=2, seconds=10, most=30)

    counts = [heard.count(request) for request in (REQUEST, *others)]
    assert sum(counts) == len(heard)
    # The last of each connection may not have been read when it was closed.
    assert max(counts) - min(counts) <= 3 < min(counts)


def test_an_answer_that_is_no_success_ends_the_load() -> None:
    with answering(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n") as address, pytest.raises(LoadError, match="503"):
        run_load(address, REQUEST, connections=1, seconds=5, most=5)


def test_a_server_that_hangs_up_ends_the_load() -> None:
    with answering() as address, pytest.raises(LoadError, match="closed"):
        run_load(address, REQUEST, connections=1, seconds=5, most=5)


def test_a_server_that_never_answers_ends_the_load() -> None:
    with answering(b"HTTP/1.1 200 OK\r\n") as address, pytest.raises(LoadError, match="stopped answering"):
        run_load(address, REQUEST, connections=1, seconds=0.2, most=5)
