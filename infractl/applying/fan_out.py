"""The same for many services, several at once: what waits for a disk or a provider need not wait in line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")

SERVICES = 16
"""Services that are worked on at once."""


def fan_out(call: Callable[[A], B], items: Iterable[A]) -> Iterator[B]:
    """Each item's answer, in their order. After an error, or Ctrl-C, nobody waits for the rest, and no more begins."""
    threads = ThreadPoolExecutor(SERVICES)
    try:
        yield from threads.map(call, items)
    except BaseException:
        threads.shutdown(wait=False, cancel_futures=True)
        raise
    threads.shutdown()
