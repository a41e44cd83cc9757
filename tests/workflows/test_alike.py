"""What services have in common is found out once for all of them, and each still has its own plan."""

from __future__ import annotations

import os
import shutil
import time
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from infractl.domain.machine_price import MachinePrice, Rented
from infractl.domain.measurement import Measurements
from infractl.domain.plan import Plan
from infractl.errors import InfeasibleError
from infractl.placement.place import place
from infractl.placement.price import at_price
from infractl.units import Money
from infractl.workflows.decided import decided
from infractl.workflows.plan import plan
from infractl.workflows.workspace import open_workspace

PRICE = MachinePrice(paid=Rented(per_hour=Money(amount=Decimal("0.12"), currency="USD")))


def planned(folder: Any, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.setenv("INFRACTL_CACHE", str(cache))
    return plan(open_workspace([folder.path], None), (), lambda _: None)


def emptied(cache: Path, tmp_path: Path) -> Path:
    """The cache without what was decided."""
    own = tmp_path / "cache"
    shutil.copytree(cache, own)
    shutil.rmtree(own / "decisions", ignore_errors=True)
    return own


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
    own = emptied(cache, tmp_path)
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


def test_a_price_of_another_day_is_the_same_decision_with_the_new_day(
    folder: Any, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = emptied(cache, tmp_path)
    monkeypatch.setenv("INFRACTL_CACHE", str(own))
    folder.write("first")
    workspace = open_workspace([folder.path], None)
    plan(workspace, (), lambda _: None)
    (loaded,), (profile,) = workspace.loaded.services, workspace.reuse.profiles.values()
    known = Measurements(calibrations=workspace.reuse.calibrations)
    (offers,) = (t.provider.offers(t.target) for t in workspace.targets_of(loaded))
    shutil.rmtree(own / "decisions")

    for day in (1, 2):
        priced = at_price(offers, PRICE, "a list", date(2026, 1, day))
        decision = decided(loaded, profile, priced, known, None)

        assert len(list((own / "decisions").iterdir())) == 1
        assert decision == place(loaded.service, profile, priced, known, None) and decision.ranked


def test_what_was_decided_a_month_ago_is_removed(
    folder: Any, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = emptied(cache, tmp_path)
    old, young = (own / "decisions" / name for name in ("old.json", "young.json"))
    for file, days in ((old, 31), (young, 29)):
        file.parent.mkdir(exist_ok=True)
        file.touch()
        os.utime(file, (time.time() - days * 86400,) * 2)
    folder.write("first")

    planned(folder, own, monkeypatch)

    assert not old.exists() and young.exists() and len(list(young.parent.iterdir())) == 2
