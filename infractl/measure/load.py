"""A load client on raw sockets: each keep-alive connection sends its next request as soon as it has its answer.

It parses no more of an answer than where it ends, so that on one core it passes several times what the server does.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle

_CHUNK_BYTES = 65536
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


class LoadError(Exception):
    """A connection broke, or an answer was no success."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """The times of every request, in the order of the answers, how long they all took together, and how busy the client was."""

    latencies_s: tuple[float, ...]
    elapsed_s: float
    busy_share: float

    @property
    def per_s(self) -> float:
        return len(self.latencies_s) / self.elapsed_s


def post_request(path: str, host: str, body: bytes) -> bytes:
    """The bytes of an HTTP/1.1 POST of JSON."""
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def run_load(
    address: tuple[str, int], request: bytes, *, others: Sequence[bytes] = (), connections: int, seconds: float, most: int
) -> LoadResult:
    """Send `request` and the `others`, in turn and over and over, for `seconds` and at most `most` times.

    Raises LoadError; OSError where nobody listens.
    """
    requests = cycle((request, *others))
    with selectors.DefaultSelector() as selector:
        clients = [_Client(address, requests) for _ in range(connections)]
        try:
            return _drive(selector, clients, seconds, most)
        finally:
            for client in clients:
                client.socket.close()


def run_apart(address: tuple[str, int], request: bytes, *, pause_s: float, count: int) -> LoadResult:
    """Send `request` `count` times over one connection, each `pause_s` after the last answer: both sides fall asleep between.

    Raises LoadError; OSError where nobody listens.
    """
    client = _Client(address, cycle((request,)))
    latencies_s: list[float] = []
    began_s, busy_s = time.perf_counter(), time.thread_time()
    try:
        while len(latencies_s) < count:
            client.send()
            while not client.receive():
                pass
            latencies_s.append(time.perf_counter() - client.sent_s)
            time.sleep(pause_s)
    finally:
        client.socket.close()
    elapsed_s = time.perf_counter() - began_s
    return LoadResult(latencies_s=tuple(latencies_s), elapsed_s=elapsed_s, busy_share=(time.thread_time() - busy_s) / elapsed_s)


def _drive(selector: selectors.BaseSelector, clients: list[_Client], seconds: float, most: int) -> LoadResult:
    latencies_s: list[float] = []
    began_s, busy_s = time.perf_counter(), time.thread_time()
    for client in clients:
        selector.register(client.socket, selectors.EVENT_READ, client)
        client.send()
    while len(latencies_s) < most and time.perf_counter() - began_s < seconds:
        ready = selector.select(timeout=seconds)
        if not ready:
            raise LoadError("the server stopped answering")
        for key, _ in ready:
            client = key.data
            if client.receive():
                latencies_s.append(time.perf_counter() - client.sent_s)
                client.send()
    elapsed_s = time.perf_counter() - began_s
    return LoadResult(latencies_s=tuple(latencies_s), elapsed_s=elapsed_s, busy_share=(time.thread_time() - busy_s) / elapsed_s)


class _Client:
    """One connection with at most one request on its way."""

    def __init__(self, address: tuple[str, int], requests: Iterator[bytes]) -> None:
        self.socket = socket.create_connection(address, timeout=5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_s = 0.0
        self._requests = requests
        self._answer = b""

    def send(self) -> None:
        self._answer = b""
        request = next(self._requests)
        self.sent_s = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bool:
        """Take what has come; whether the answer is whole."""
        chunk = self.socket.recv(_CHUNK_BYTES)
        if not chunk:
            raise LoadError("the server closed the connection")
        self._answer += chunk
        head, end, body = self._answer.partition(_HEAD_END)
        if not end:
            return False
        if not head.startswith(b"HTTP/1.1 200 "):
            raise LoadError(f"the server answered {head[:60]!r}")
        start = head.lower().index(_LENGTH) + len(_LENGTH)
        return len(body) >= int(head[start:].split(b"\r\n", 1)[0])
