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
    """Each item's answer, in their order. What was begun when a call fails is finished before its error is raised."""
    with ThreadPoolExecutor(SERVICES) as threads:
        yield from threads.map(call, items)
