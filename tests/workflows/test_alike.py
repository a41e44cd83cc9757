"""What services have in common is found out once for all of them, and each still has its own plan."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from infractl.domain.plan import Plan
from infractl.errors import InfeasibleError
from infractl.workflows.plan import plan
from infractl.workflows.workspace import open_workspace


def planned(folder: Any, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.setenv("INFRACTL_CACHE", str(cache))
    return plan(open_workspace([folder.path], None), (), lambda _: None)


def test_services_that_ask_the_same_of_one_model_are_decided_once(
    folder: Any, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("first", "second"):
        folder.write(name)

    first, second = planned(folder, cache, monkeypatch).services

    assert first.decision is second.decision
    assert {c.address.service for c in first.changes} == {"first"}
    assert {c.address.service for c in second.changes} == {"second"}


def test_services_that_ask_for_other_things_are_decided_by_themselves(
    folder: Any, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write("first", peak="20/s")
    folder.write("second", peak="30/s")
    folder.write("third", uri="two.onnx")

    decisions = [s.decision for s in planned(folder, cache, monkeypatch).services]

    rates = [d.ranked[0].placement.prediction.rate_per_s for d in decisions if d and d.ranked[0].placement]
    assert rates == [20.0, 30.0, 20.0]
    assert decisions[0] is not decisions[2]


def test_what_was_decided_before_is_kept_whole_and_what_is_damaged_is_decided_anew(
    folder: Any, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "cache"
    shutil.copytree(cache, own)
    shutil.rmtree(own / "decisions", ignore_errors=True)
    folder.write("first")
    (first,) = planned(folder, own, monkeypatch).services
    (kept,) = (own / "decisions").iterdir()

    (again,) = planned(folder, own, monkeypatch).services
    assert again.decision == first.decision and again.decision is not first.decision

    kept.write_bytes(kept.read_bytes().replace(b"20", b"21"))
    (anew,) = planned(folder, own, monkeypatch).services
    assert anew.decision == first.decision


def test_another_limit_is_another_decision(folder: Any, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write("first", p99="200ms")
    (before,) = planned(folder, cache, monkeypatch).services

    folder.write("first", p99="0.001ms")

    with pytest.raises(InfeasibleError):
        planned(folder, cache, monkeypatch)
    assert before.decision is not None and before.decision.ranked
