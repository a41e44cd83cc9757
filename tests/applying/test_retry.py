"""Asking again where a provider says that the same call may succeed later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from infractl.applying.wait import TRIES, Waiting, retried
from infractl.errors import ProviderError, TransientProviderError, UnansweredError


@dataclass
class Clock:
    """Stands still but when somebody sleeps."""

    pauses: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return sum(self.pauses)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


def failing(error: ProviderError, calls: list[int]) -> Callable[[], None]:
    def call() -> None:
        calls.append(len(calls))
        raise error

    return call


def pauses_of(error: ProviderError) -> tuple[int, list[float]]:
    """How often a call that always fails is made, and the pauses between."""
    clock, calls = Clock(), list[int]()
    with pytest.raises(type(error)):
        retried(failing(error, calls), Waiting(clock=clock, tell=lambda _: None))
    return len(calls), clock.pauses


def test_the_pauses_grow_and_no_two_clients_keep_step() -> None:
    drawn = [pauses_of(TransientProviderError.of("throttled", summary="later")) for _ in range(20)]

    for calls, pauses in drawn:
        assert calls == TRIES
        assert all(2**n / 2 <= pause <= 2**n for n, pause in enumerate(pauses))
    assert len({tuple(pauses) for _, pauses in drawn}) == len(drawn)


@pytest.mark.parametrize("error", [ProviderError, UnansweredError])
def test_a_no_and_no_answer_in_time_are_not_asked_again(error: type[ProviderError]) -> None:
    assert pauses_of(error.of("no", summary="no")) == (1, [])
