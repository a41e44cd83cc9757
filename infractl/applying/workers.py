"""The threads that steps run in: all services that are applied at once share them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

from infractl.applying.fan_out import SERVICES
from infractl.applying.stop import Stop

A = TypeVar("A")
T = TypeVar("T")

PARALLELISM = 8


class Workers:
    """No more steps run at once than there are threads, and none waits in line: what is begun runs."""

    def __init__(self, parallelism: int = PARALLELISM) -> None:
        self._free = threading.Semaphore(parallelism)
        self._threads = ThreadPoolExecutor(parallelism)
        self._services = ThreadPoolExecutor(SERVICES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """What runs is finished, and written down."""
        self._services.shutdown()
        self._threads.shutdown()

    def each(self, call: Callable[[A], T], services: Iterable[A]) -> Iterator[T]:
        """Each service's answer, in their order. They wait for their steps in threads of their own, several at once."""
        return self._services.map(call, services)

    def begin(self, call: Callable[[], T], stop: Stop) -> Future[T] | None:
        """Waits for a free thread, and runs `call` in it; None where a wish to stop came before."""
        self._free.acquire()
        if stop.requested:
            self._free.release()
            return None
        future = self._threads.submit(call)
        future.add_done_callback(lambda _: self._free.release())
        return future
