"""The threads that steps run in: all services that are applied at once share them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

from infractl.applying.fan_out import SERVICES

A = TypeVar("A")
T = TypeVar("T")

PARALLELISM = 8


class Workers:
    """No more steps run at once than there are threads."""

    def __init__(self, parallelism: int = PARALLELISM) -> None:
        self.parallelism = parallelism
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

    def begin(self, turn: Callable[[], None]) -> None:
        """`turn` runs as soon as a thread is free; those that wait for one have it in the order in which they came."""
        self._threads.submit(turn)
