"""What an apply and a plan cost is counted: calls, fsyncs and bytes are the same for each resource, however many there are."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infractl.applying.connection import READERS
from infractl.domain.resource import Resource

FEW, MANY = 20, 200


def costs(bench: Any, monkeypatch: pytest.MonkeyPatch, wanted: list[Resource], journal: Path) -> dict[str, float]:
    """Of one apply, for each resource."""
    fsync, told, before = os.fsync, [0, 0], len(bench.cloud.calls)

    def counted(descriptor: int) -> None:
        told[0] += 1
        if os.fstat(descriptor).st_ino == (journal.stat().st_ino if journal.exists() else 0):
            told[1] = max(told[1], journal.stat().st_size)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", counted)
    assert bench.apply(wanted).complete
    monkeypatch.setattr(os, "fsync", fsync)
    return {
        "calls": (len(bench.cloud.calls) - before) / len(wanted),
        "fsyncs": told[0] / len(wanted),
        "bytes": told[1] / len(wanted),
    }


def test_an_apply_costs_the_same_for_each_resource(
    bench: Any, thing: Callable[..., Resource], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = tmp_path / bench.key.project / bench.key.environment / bench.key.service / "journal.jsonl"
    few = costs(bench, monkeypatch, [thing(f"few-{n:03}", size=1) for n in range(FEW)], journal)
    bench.apply([])
    many = costs(bench, monkeypatch, [thing(f"few-{n:03}", size=1) for n in range(MANY)], journal)

    assert few["calls"] == many["calls"] == 1
    assert many["bytes"] <= 1.05 * few["bytes"]
    # Three entries for each, if none shares an fsync with another, and what is written once for the whole.
    assert many["fsyncs"] <= 3 + 30 / MANY


def test_a_plan_without_changes_asks_once_for_each_kind(bench: Any, thing: Callable[..., Resource]) -> None:
    wanted = [thing(f"a-{n:03}", size=1) for n in range(MANY)]
    bench.apply(wanted)
    asked: list[int] = []
    kind = bench.connections["here"].kinds["thing"].kind
    read = kind.read
    kind.read = lambda refs: (asked.append(len(refs)), read(refs))[1]

    assert not bench.plan(wanted).changed
    assert asked == [MANY]


def test_no_more_searches_wait_for_a_target_than_it_has_turns_however_many_services_are_planned(
    bench: Any, thing: Callable[..., Resource]
) -> None:
    bench.apply([thing("a", size=1)])
    kind, guard, running, most = bench.connections["here"].kinds["thing"].kind, threading.Lock(), 0, 0
    find = kind.find

    def slow(owner: Any) -> Any:
        nonlocal running, most
        with guard:
            running += 1
            most = max(most, running)
        time.sleep(0.005)
        with guard:
            running -= 1
        return find(owner)

    kind.find = slow
    planning = [
        threading.Thread(target=bench.plan, args=([thing("a", size=1), thing("new", size=1)],)) for _ in range(3 * READERS)
    ]
    for each in planning:
        each.start()
    for each in planning:
        each.join()

    assert 1 < most <= READERS
