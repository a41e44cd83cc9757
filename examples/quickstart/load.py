"""A load client: keep-alive connections that each send the next request as soon as they have their answer.

It only sends and writes down; what the answers are worth is judged afterwards, so that the judge takes no time from the load.
"""

from __future__ import annotations

import http.client
import itertools
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of one request. `problem` is "" where the server answered 200; `sample` is the index of the sent body."""

    sample: int
    started_s: float
    elapsed_s: float
    body: bytes
    problem: str


class Load:
    """Sends `bodies` to `url` in turn, over and over, from entry to exit of the `with` block."""

    def __init__(self, url: str, bodies: Sequence[bytes], connections: int) -> None:
        self.answers: list[Answer] = []
        self._url = urlsplit(url)
        self._bodies = bodies
        self._next = itertools.cycle(range(len(bodies)))
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._send, daemon=True) for _ in range(connections)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, count: int, within_s: float) -> bool:
        """Whether `count` answers in all have come before the time is up."""
        limit = time.monotonic() + within_s
        while len(self.answers) < count and time.monotonic() < limit:
            time.sleep(0.02)
        return len(self.answers) >= count

    def _send(self) -> None:
        connection = self._connect()
        while not self._stop.is_set():
            sample = next(self._next)
            started_s = time.monotonic()
            try:
                connection.request("POST", self._url.path, self._bodies[sample], {"Content-Type": "application/json"})
                response = connection.getresponse()
                body = response.read()
                problem = "" if response.status == 200 else f"HTTP {response.status}: {body[:200]!r}"
            except (OSError, http.client.HTTPException) as error:
                # A connection that breaks is a failed request, whoever broke it: nothing is sent again.
                body, problem = b"", f"{type(error).__name__}: {error}"
                connection.close()
                connection = self._connect()
                self._stop.wait(0.05)
            elapsed_s = time.monotonic() - started_s
            self.answers.append(Answer(sample=sample, started_s=started_s, elapsed_s=elapsed_s, body=body, problem=problem))
        connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._url.hostname or "", self._url.port, timeout=30)
