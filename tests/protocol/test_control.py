"""The control socket's client against sockets that answer well, badly, too late or not at all."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infractl.protocol.control import ChangeRefusedError, Control, ControlError, NobodyListensError, SilentError, socket_address

EMPTY = {"pid": 7, "active": None, "releases": []}


@contextmanager
def answering(path: Path, answer: bytes) -> Iterator[Control]:
    """A socket at `path` that gives every request this answer, and hangs up."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        with socket_address(path) as address:
            listener.bind(address)
        listener.listen()

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection, connection.makefile("rb") as request:
                    head = http.client.parse_headers(request) if request.readline() else {}
                    # The whole request: to hang up on a body that is still being sent is another story.
                    request.read(int(head.get("content-length") or 0))
                    connection.sendall(answer)

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        yield Control(path, 5.0)
        listener.shutdown(socket.SHUT_RDWR)
        serving.join(5)


def response(status: int, body: bytes) -> bytes:
    return f"HTTP/1.1 {status} {http.client.responses[status]}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


def test_a_status_is_read(tmp_path: Path) -> None:
    with answering(tmp_path / "s", response(200, json.dumps(EMPTY).encode())) as control:
        assert (control.status().pid, control.status().releases) == (7, ())


def test_a_path_that_is_too_long_for_an_address_is_reached(tmp_path: Path) -> None:
    path = tmp_path / ("deep" * 40) / "s"
    path.parent.mkdir()

    with answering(path, response(200, json.dumps(EMPTY).encode())) as control:
        assert control.status().pid == 7


@pytest.mark.parametrize("taken", [0, 1, 2], ids=["none", "some", "all"])
def test_a_server_that_takes_no_connection_is_silent(tmp_path: Path, taken: int) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen(1)
        # The queue holds one more than it was asked to.
        waiting = [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in range(taken)]
        for each in waiting:
            each.connect(str(tmp_path / "s"))

        with pytest.raises(SilentError, match=r"no answer within 0\.2s"):
            Control(tmp_path / "s", 0.2).status()
        for each in waiting:
            each.close()


def test_where_nobody_listens_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(NobodyListensError):
        Control(tmp_path / "absent").status()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as closed:
        closed.bind(str(tmp_path / "s"))
    with pytest.raises(NobodyListensError):
        Control(tmp_path / "s").status()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{}",
        response(200, b"no JSON"),
        response(200, b"\xff"),
        response(200, b"[]"),
        response(200, b'{"pid": 1}'),
        response(200, b'{"pid": 1, "active": null, "releases": [{"phase": "ready"}]}'),
    ],
)
def test_what_is_no_answer_is_an_error_and_neither_silence_nor_absence(tmp_path: Path, answer: bytes) -> None:
    with answering(tmp_path / "s", answer) as control, pytest.raises(ControlError) as caught:
        control.status()

    assert type(caught.value) is ControlError and "GET /status" in str(caught.value)


def test_a_refusal_says_its_status_and_the_servers_reason(tmp_path: Path) -> None:
    refusal = response(409, b'{"error": "it is draining"}')
    with answering(tmp_path / "s", refusal) as control, pytest.raises(ChangeRefusedError, match="409 it is draining") as caught:
        control.activate("a")

    assert caught.value.status == 409


def test_to_unload_what_is_absent_is_fine_and_any_other_refusal_is_not(tmp_path: Path) -> None:
    with answering(tmp_path / "s", response(404, b'{"error": "there is no release a"}')) as control:
        control.unload("a")
    with answering(tmp_path / "t", response(503, b"")) as control, pytest.raises(ChangeRefusedError):
        control.unload("a")
