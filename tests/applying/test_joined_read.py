"""Reads that are asked for at once by several services: how many calls they become, and whose an error is."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from infractl.applying.joined_read import JoinedRead
from infractl.applying.wait import Waiting
from infractl.clock import SystemClock
from infractl.domain.resource import Live, Ref
from infractl.errors import ProviderError
from infractl.provider.plugin import GuardedKind
from infractl.provider.schema import Schema

WAITING = Waiting(clock=SystemClock(), tell=lambda text: None)


def ref(number: int) -> Ref:
    return Ref(kind="thing", id=str(number))


@dataclass
class Slow:
    """The first call is answered once the test says so. It breaks on what is `cursed`."""

    cursed: Ref | None = None
    calls: list[list[Ref]] = field(default_factory=list)
    called: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Live]:
        self.calls.append(list(refs))
        self.called.set()
        assert self.go_on.wait(30)
        if self.cursed in refs:
            raise ProviderError.of("cursed", summary="this one cannot be read")
        return {r: Live(ref=r, properties={}, labels={}) for r in refs if r.id != "4"}


def asked_together(kind: Any, refs: Sequence[Ref]) -> list[Any]:
    """The first is under way when the others ask: their answers, or what was raised."""
    joined = JoinedRead(GuardedKind("thing", kind, Schema({})))
    with ThreadPoolExecutor(len(refs)) as services:
        first = services.submit(joined.read, refs[:1], WAITING)
        assert kind.called.wait(30)
        others = [services.submit(joined.read, [r], WAITING) for r in refs[1:]]
        deadline = time.monotonic() + 30
        while joined._open is None or joined._open.askers < len(others):
            assert time.monotonic() < deadline, "the others never asked"
            time.sleep(0.001)
        kind.go_on.set()
        return [future.exception() or future.result() for future in (first, *others)]


def test_what_is_asked_for_while_a_call_is_under_way_becomes_one_call_and_each_gets_its_own() -> None:
    kind = Slow()

    answers = asked_together(kind, [ref(n) for n in range(1, 5)])

    assert [len(refs) for refs in kind.calls] == [1, 3]
    assert [[found.id for found in answer] for answer in answers] == [["1"], ["2"], ["3"], []]


def test_an_object_that_cannot_be_read_is_the_error_of_who_asked_for_it_alone() -> None:
    kind = Slow(cursed=ref(3))

    one, two, three = asked_together(kind, [ref(1), ref(2), ref(3)])

    assert [found.id for answer in (one, two) for found in answer] == ["1", "2"]
    assert isinstance(three, ProviderError)


def test_who_asks_after_an_error_is_answered() -> None:
    kind = Slow(cursed=ref(1))
    kind.go_on.set()
    joined = JoinedRead(GuardedKind("thing", kind, Schema({})))

    with pytest.raises(ProviderError, match="cannot be read"):
        joined.read([ref(1)], WAITING)

    assert list(joined.read([ref(2)], WAITING)) == [ref(2)]


def test_what_is_read_ahead_of_many_is_one_call_and_each_answer_is_given_out_once() -> None:
    kind = Slow()
    kind.go_on.set()
    joined = JoinedRead(GuardedKind("thing", kind, Schema({})))
    joined.read_before([ref(n) for n in range(6)], WAITING)

    assert [sorted(live.id for live in joined.answered([ref(n), ref(n + 1)]) or ()) for n in (0, 2, 4)] == [
        ["0", "1"],
        ["2", "3"],
        ["5"],  # 4 is not there, which is an answer too
    ]
    assert len(kind.calls) == 1
    assert joined.answered([ref(0)]) is None


def test_where_reading_ahead_breaks_on_one_object_nothing_is_kept() -> None:
    kind = Slow(cursed=ref(1))
    kind.go_on.set()
    joined = JoinedRead(GuardedKind("thing", kind, Schema({})))

    joined.read_before([ref(0), ref(1)], WAITING)

    assert joined.answered([ref(0)]) is None
