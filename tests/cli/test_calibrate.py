"""`infractl calibrate --show`, as it is called: it measures nothing, and says whether what is kept still holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from infractl.cli.main import main
from infractl.domain.calibration import Calibration
from infractl.hardware.this_machine import this_chip
from infractl.measure.calibration_store import CalibrationFiles
from infractl.measure.machine import machine_facts
from infractl.measure.method import method
from infractl.state.codec import decode

KEPT = Path(__file__).parents[1] / "cases" / "calibration" / "calibration.json"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CalibrationFiles:
    """An empty cache, in a current directory that is in no project."""
    monkeypatch.setenv("INFRACTL_CACHE", str(tmp_path / "cache"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return CalibrationFiles(tmp_path / "cache" / "calibrations")


@pytest.fixture
def calibration() -> Calibration:
    """As if this machine had been calibrated just now."""
    known = decode(Calibration, json.loads(KEPT.read_text()))
    return replace(known, chip=this_chip().name, machine=machine_facts(), method=method(), busy=False)


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Gives stdout, or of a command that fails stderr."""

    def show(*words: str, code: int = 0) -> str:
        with pytest.raises(SystemExit) as end:
            main(["calibrate", "--show", *words])
        out, err = capsys.readouterr()
        assert end.value.code == code, err
        assert (not out) if code else (not err), err
        return err if code else out

    return show


def test_what_is_kept_is_shown_outside_any_project(
    files: CalibrationFiles, calibration: Calibration, show: Callable[..., str]
) -> None:
    files.put(calibration)

    text = show()

    assert text.startswith(f"{this_chip().name}: calibrated {calibration.at:%Y-%m-%d %H:%M} UTC\n")
    assert "  valid     yes, for plans on this machine\n" in text


def test_another_library_is_told_of(files: CalibrationFiles, calibration: Calibration, show: Callable[..., str]) -> None:
    files.put(replace(calibration, machine={**calibration.machine, "onnxruntime": "1.0.0"}))

    text, document = show(), json.loads(show("--json"))

    now = machine_facts()["onnxruntime"]
    assert f"  valid     no, the next plan calibrates anew:\n            onnxruntime was 1.0.0 and is {now}\n" in text
    assert document["valid"] is False
    assert document["changes"] == [{"name": "onnxruntime", "then": "1.0.0", "now": now}]


def test_nothing_that_is_kept_is_an_error_with_a_remedy(files: CalibrationFiles, show: Callable[..., str]) -> None:
    text = show(code=1)

    assert "error[calibration-missing]" in text
    assert "infractl calibrate" in text


def test_those_of_other_machines_are_named(files: CalibrationFiles, calibration: Calibration, show: Callable[..., str]) -> None:
    """Another number of cores is another chip: a container's limit may have changed."""
    files.put(replace(calibration, chip="Some CPU x64"))

    assert "Some CPU x64" in show("--json", code=1)


def test_what_is_damaged_is_not_shown(files: CalibrationFiles, calibration: Calibration, show: Callable[..., str]) -> None:
    files.put(calibration)
    for file in Path("..").glob("cache/calibrations/*.json"):
        file.write_bytes(file.read_bytes()[:-40])

    assert "calibration-missing" in show(code=1)


def test_ctrl_c_while_a_library_is_loaded_is_ctrl_c(
    files: CalibrationFiles, show: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One in C++ turns it into an ImportError."""

    def loaded(clock: object) -> None:
        raise ImportError("initialization failed") from KeyboardInterrupt()

    monkeypatch.setattr("infractl.workflows.calibrate.kept", loaded)

    assert "error[interrupted]" in show(code=130)
