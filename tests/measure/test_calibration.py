"""This machine is calibrated for real, once. What its figures must be is not known here, only what they cannot be."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from infractl.clock import SystemClock
from infractl.domain.calibration import Calibration
from infractl.domain.figure import Basis, Figure
from infractl.hardware.this_machine import this_chip
from infractl.measure.calibration_store import CALIBRATING, WAITING, CalibrationFiles, calibration_for
from infractl.measure.machine import machine_facts


class CalibratesError(Exception):
    """Raised where a calibration would start, which spares its seconds."""


def announce(text: str) -> None:
    raise CalibratesError


@dataclass(frozen=True)
class Both:
    """What two processes told that wanted one calibration at once, and what they left."""

    codes: list[int]
    told: list[list[str]]
    kept: Calibration | None


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    program = """
from infractl.clock import SystemClock
from infractl.measure.calibration_store import calibration_for
made = calibration_for("test chip", SystemClock(), print)
print(made.at.isoformat(), made.flops_per_s.value)
"""
    cache = tmp_path_factory.mktemp("cache")
    environment = {"INFRACTL_CACHE": str(cache), "PATH": ""}
    processes = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment) for _ in range(2)
    ]
    told = [process.communicate(timeout=280)[0].splitlines() for process in processes]
    kept = CalibrationFiles(cache / "calibrations").read("test chip")
    return Both([process.returncode for process in processes], told, kept)


@pytest.fixture(scope="module")
def calibration(both: Both) -> Calibration:
    assert both.kept is not None
    return both.kept


def servers_below(directory: Path) -> list[psutil.Process]:
    found = psutil.process_iter(["cmdline"])
    return [p for p in found if (line := p.info["cmdline"] or []) and "infractl.runtime" in line and str(directory) in line[-1]]


@pytest.fixture
def wait_until(tmp_path: Path) -> Iterator[Callable[[Callable[[], object], str], None]]:
    """Waits with patience; servers that the test left running are ended."""

    def wait(is_so: Callable[[], object], what: str) -> None:
        deadline_s = time.monotonic() + 240
        while not is_so():
            assert time.monotonic() < deadline_s, f"waited in vain: {what}"
            time.sleep(0.02)

    yield wait
    for server in servers_below(tmp_path):
        server.kill()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CalibrationFiles:
    monkeypatch.setenv("INFRACTL_CACHE", str(tmp_path))
    return CalibrationFiles(tmp_path / "calibrations")


def test_every_figure_is_measured_and_between_its_ends(calibration: Calibration) -> None:
    figures = [getattr(calibration, f.name) for f in fields(calibration) if isinstance(getattr(calibration, f.name), Figure)]

    assert len(figures) == 9
    for figure in figures:
        assert 0 <= figure.low <= figure.value <= figure.high, figure
        assert figure.basis is Basis.measured and figure.source


def test_the_figures_are_those_of_a_computer(calibration: Calibration) -> None:
    assert 1e9 < calibration.flops_per_s.value < 1e13
    assert 1e9 < calibration.bandwidth_bytes_per_s.value < 1e12
    assert 1e9 < calibration.cached_bandwidth_bytes_per_s.value < 1e13
    assert 1e-7 < calibration.call_s.value < 1e-3
    assert calibration.operator_s.value < calibration.call_s.value
    assert 1e-5 < calibration.request_s.value < 0.1
    assert 50 < calibration.requests_per_s.value < 1e6
    assert calibration.cached_bytes >= 2**20


def test_a_calibration_names_its_chip_its_machine_and_its_time(calibration: Calibration) -> None:
    assert calibration.chip == "test chip"
    assert calibration.machine == machine_facts()
    assert {"chip", "cores", "memory", "features", "onnxruntime"} <= set(calibration.machine)
    assert calibration.at.tzinfo is not None


def test_what_is_kept_comes_back_as_it_was(calibration: Calibration, cache: CalibrationFiles) -> None:
    cache.put(calibration)

    assert cache.read("test chip") == calibration
    assert calibration_for("test chip", SystemClock(), announce) == calibration


def test_two_chips_whose_names_differ_in_signs_alone_are_kept_apart(calibration: Calibration, cache: CalibrationFiles) -> None:
    cache.put(calibration)

    assert cache.read("test-chip") is None


@pytest.mark.parametrize("content", [b"", b"\x00\xff", b"{}", b"[1, 2]", b'{"chip": "test chip"}', None])
def test_a_damaged_file_is_calibrated_anew(calibration: Calibration, cache: CalibrationFiles, tmp_path: Path, content) -> None:
    cache.put(calibration)
    (file,) = (tmp_path / "calibrations").glob("*.json")
    file.write_bytes(file.read_bytes()[:-40] if content is None else content)

    with pytest.raises(CalibratesError):
        calibration_for("test chip", SystemClock(), announce)


def test_another_machines_calibration_is_made_anew(calibration: Calibration, cache: CalibrationFiles) -> None:
    cache.put(replace(calibration, machine={**calibration.machine, "cores": "9999"}))

    with pytest.raises(CalibratesError):
        calibration_for("test chip", SystemClock(), announce)


def test_a_calibration_of_a_busy_machine_is_used_for_minutes_only(calibration: Calibration, cache: CalibrationFiles) -> None:
    recent = replace(calibration, busy=True, at=SystemClock().now())
    cache.put(recent)
    assert calibration_for("test chip", SystemClock(), announce) == recent

    cache.put(replace(recent, at=recent.at - timedelta(hours=1)))
    with pytest.raises(CalibratesError):
        calibration_for("test chip", SystemClock(), announce)


def test_a_calibration_of_a_quiet_machine_is_used_for_ever(calibration: Calibration, cache: CalibrationFiles) -> None:
    old = replace(calibration, busy=False, at=calibration.at - timedelta(days=1000))
    cache.put(old)

    assert calibration_for("test chip", SystemClock(), announce) == old


def test_a_busy_machine_is_named_in_every_figures_source(calibration: Calibration) -> None:
    figures = [each for f in fields(calibration) if isinstance(each := getattr(calibration, f.name), Figure)]

    assert {"kept the machine busy" in figure.source for figure in figures} == {calibration.busy}


def test_a_killed_calibration_leaves_no_server_and_the_next_one_sweeps_its_files(tmp_path: Path, wait_until) -> None:
    program = """
from infractl.clock import SystemClock
from infractl.measure.calibration_store import calibration_files
from infractl.measure.server_speed import measure_server
with calibration_files().turn("test chip") as directory:
    measure_server(directory, SystemClock(), 1e-5)
"""
    environment = {"INFRACTL_CACHE": str(tmp_path), "PATH": ""}
    with subprocess.Popen([sys.executable, "-c", program], env=environment) as process:
        wait_until(lambda: servers_below(tmp_path) or process.poll() is not None, "the calibration's server to start")
        process.kill()

    wait_until(lambda: not servers_below(tmp_path), "the server to end by itself")
    assert len(list(tmp_path.glob("calibrations/*.work"))) == 1
    with CalibrationFiles(tmp_path / "calibrations").turn("test chip") as directory:
        assert list(tmp_path.glob("calibrations/*.work")) == [directory]
    assert not list(tmp_path.glob("calibrations/*.work"))


def test_two_processes_at_once_calibrate_once_and_agree(both: Both) -> None:
    first, second = both.told

    assert both.codes == [0, 0]
    assert sorted(told for lines in both.told for told in lines[:-1]) in ([CALIBRATING], sorted([WAITING, CALIBRATING]))
    assert first[-1] == second[-1]


def test_the_chip_of_this_machine_is_the_one_that_its_facts_name() -> None:
    assert machine_facts()["chip"] == this_chip().name
