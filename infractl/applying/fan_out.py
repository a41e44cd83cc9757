"""The same for many services, several at once: what waits for a disk or a provider need not wait in line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from infractl.errors import Diagnostics, InfractlError

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


def gather(call: Callable[[A], B], items: Iterable[A], *awaited: type[InfractlError]) -> list[B]:
    """Each item's answer, in their order.

    Where some end in an error of a sort that is `awaited`, all the others are asked all the same, and what is wrong with any is
    raised in one error of the first one's class. Any other error ends it at once.
    """

    def tried(item: A) -> B | InfractlError:
        try:
            return call(item)
        except awaited as error:
            return error

    answers: list[B] = []
    failed: list[InfractlError] = []
    for answer in fan_out(tried, items):
        if isinstance(answer, InfractlError):
            failed.append(answer)
        else:
            answers.append(answer)
    if failed:
        raise type(failed[0])(*Diagnostics(d for error in failed for d in error.diagnostics))
    return answers
