"""Whether a kept calibration still holds for this machine. Nothing is measured here."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from infractl.domain.calibration import Calibration, FactChange, KeptCalibration, changes_between
from infractl.measure.calibration_store import BUSY_HOLDS, CalibrationFiles
from infractl.measure.machine import machine_facts
from infractl.measure.method import method
from infractl.state.codec import decode, digest

KEPT = Path(__file__).parents[1] / "cases" / "calibration" / "calibration.json"


class Hands:
    """A clock that stands where it is put."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None: ...


@pytest.fixture
def calibration() -> Calibration:
    """Of this machine, as it is now."""
    known = decode(Calibration, json.loads(KEPT.read_text()))
    return replace(known, machine=machine_facts(), method=method(), busy=False)


def kept(calibration: Calibration, directory: Path, after: timedelta = timedelta()) -> KeptCalibration:
    files = CalibrationFiles(directory)
    files.put(calibration)
    found = files.kept(calibration.chip, Hands(calibration.at + after))
    assert found is not None
    return found


def test_what_was_made_on_the_same_machine_in_the_same_way_is_used(calibration: Calibration, tmp_path: Path) -> None:
    found = kept(calibration, tmp_path, timedelta(days=1000))

    assert found.usable
    assert found.calibration == calibration
    assert Path(found.path).is_file()


@pytest.mark.parametrize("fact", sorted(machine_facts()))
def test_each_fact_of_the_machine_counts(calibration: Calibration, tmp_path: Path, fact: str) -> None:
    found = kept(replace(calibration, machine={**calibration.machine, fact: "another"}), tmp_path)

    assert not found.usable
    assert found.changes == (FactChange(name=fact, then="another", now=machine_facts()[fact]),)


def test_what_was_measured_in_another_way_is_not_used(calibration: Calibration, tmp_path: Path) -> None:
    found = kept(replace(calibration, method="earlier"), tmp_path)

    assert found.outdated and not found.usable and not found.changes


def test_what_was_made_on_a_busy_machine_is_used_until_a_while_later(calibration: Calibration, tmp_path: Path) -> None:
    busy = replace(calibration, busy=True)

    assert kept(busy, tmp_path).until == calibration.at + BUSY_HOLDS
    assert kept(busy, tmp_path, BUSY_HOLDS).usable
    assert kept(busy, tmp_path, BUSY_HOLDS + timedelta(seconds=1)).expired


def test_one_that_an_earlier_version_kept_is_read_and_not_used(calibration: Calibration, tmp_path: Path) -> None:
    """It named no method, and not the same facts."""
    kept(replace(calibration, machine={"chip": calibration.chip, "infractl": "0.0.9"}), tmp_path)
    (file,) = tmp_path.glob("*.json")
    document = json.loads(file.read_text())["calibration"]
    del document["method"]
    file.write_text(json.dumps({"sha256": digest(document), "calibration": document}))

    found = CalibrationFiles(tmp_path).kept(calibration.chip, Hands(calibration.at))

    assert found is not None and found.outdated
    assert {change.name for change in found.changes if change.now is None} == {"infractl"}


def test_changes_come_in_the_order_of_the_facts_and_what_is_gone_last() -> None:
    changes = changes_between({"gone": "1", "cores": "2", "same": "x"}, {"new": "3", "cores": "4", "same": "x"})

    assert [(c.name, c.then, c.now) for c in changes] == [("new", None, "3"), ("cores", "2", "4"), ("gone", "1", None)]


def test_the_chips_that_are_kept_are_named_and_what_is_damaged_is_not(calibration: Calibration, tmp_path: Path) -> None:
    files = CalibrationFiles(tmp_path)
    assert files.chips() == []

    for chip in ("Slow CPU x2", "Fast CPU x4"):
        files.put(replace(calibration, chip=chip))
    (tmp_path / "damaged.json").write_text("{")

    assert files.chips() == ["Fast CPU x4", "Slow CPU x2"]


def test_who_waits_for_a_turn_is_told_so_and_who_does_not_is_not(tmp_path: Path) -> None:
    from threading import Thread

    files, told, entered = CalibrationFiles(tmp_path), list[str](), list[str]()

    def second() -> None:
        with files.turn("some chip", waiting=lambda: told.append("waiting")):
            entered.append("second")

    with files.turn("some chip", waiting=lambda: told.append("first")):
        thread = Thread(target=second)
        thread.start()
        while not told:
            thread.join(0.01)
        assert not entered
    thread.join()

    assert (told, entered) == (["waiting"], ["second"])


def test_one_that_somebody_edited_is_none(calibration: Calibration, tmp_path: Path) -> None:
    files = CalibrationFiles(tmp_path)
    files.put(calibration)
    (file,) = tmp_path.glob("*.json")
    document = json.loads(file.read_text())
    document["calibration"]["joined"] = 0
    file.write_text(json.dumps(document))

    assert files.read(calibration.chip) is None
