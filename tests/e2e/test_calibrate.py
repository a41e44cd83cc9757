"""`infractl calibrate` through the real command line: measured for real, interrupted, and while another one has its turn."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from infractl.domain.calibration import Calibration
from infractl.hardware.this_machine import this_chip
from infractl.measure.calibration_store import CalibrationFiles
from infractl.measure.machine import machine_facts
from infractl.measure.method import method
from infractl.state.codec import decode

KEPT = Path(__file__).parents[1] / "cases" / "calibration" / "calibration.json"

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def environment(tmp_path: Path) -> Mapping[str, str]:
    return {**os.environ, "INFRACTL_CACHE": str(tmp_path)}


@pytest.fixture
def files(tmp_path: Path) -> CalibrationFiles:
    """Where a calibration of this machine is kept that holds."""
    known = decode(Calibration, json.loads(KEPT.read_text()))
    files = CalibrationFiles(tmp_path / "calibrations")
    files.put(replace(known, chip=this_chip().name, machine=machine_facts(), method=method(), busy=False))
    return files


@pytest.fixture
def start(tmp_path: Path, environment: Mapping[str, str]) -> Iterator[Start]:
    """Starts the command in a process group of its own, as a shell does, so that Ctrl-C reaches its children as well."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "infractl", "calibrate", *words],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_until(is_so: Callable[[], object], what: str) -> None:
    deadline_s = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline_s, f"waited in vain: {what}"
        time.sleep(0.02)


def interrupt(process: subprocess.Popen[str]) -> tuple[str, str]:
    os.killpg(process.pid, signal.SIGINT)
    return process.communicate(timeout=60)


def content(directory: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (directory / "calibrations").glob("*.json")}


def test_ctrl_c_leaves_what_is_kept_and_no_trace(start: Start, files: CalibrationFiles, tmp_path: Path) -> None:
    before = content(tmp_path)
    process = start()
    wait_until(lambda: list(tmp_path.glob("calibrations/*.work/*")), "it to measure")

    out, err = interrupt(process)

    assert process.returncode == 130
    assert out == ""
    assert "error[interrupted]" in err and "Traceback" not in err
    assert content(tmp_path) == before
    assert not list(tmp_path.glob("calibrations/*.work"))
    assert [p for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(p.info["cmdline"] or [])] == []


def test_a_second_one_waits_for_the_first_and_measures_nothing_meanwhile(
    start: Start, files: CalibrationFiles, tmp_path: Path
) -> None:
    before = content(tmp_path)
    with files.turn(this_chip().name) as turn:
        process = start()
        assert process.stderr is not None
        told = process.stderr.readline()
        time.sleep(1)

        assert told == "another command calibrates this machine: waiting until it is done\n"
        assert list(tmp_path.glob("calibrations/*.work")) == [turn]
        assert list(turn.iterdir()) == []

        _, err = interrupt(process)
    assert process.returncode == 130
    assert "calibrating" not in err and "Traceback" not in err
    assert content(tmp_path) == before


def test_a_cache_that_cannot_be_written_is_told_of_before_anything_is_measured(
    start: Start, files: CalibrationFiles, tmp_path: Path
) -> None:
    (tmp_path / "in the way").touch()

    done = subprocess.run(
        [sys.executable, "-m", "infractl", "calibrate"],
        env={**os.environ, "INFRACTL_CACHE": str(tmp_path / "in the way")},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 1
    assert "error[state-write-failed]" in done.stderr
    assert "calibrating" not in done.stderr


@pytest.mark.slow
def test_a_machine_is_calibrated_anew_and_plans_use_that(
    start: Start, files: CalibrationFiles, tmp_path: Path, environment: Mapping[str, str], make_mlp: Callable[..., Path]
) -> None:
    """What was kept would have held; it was older, and is replaced."""
    kept = files.read(this_chip().name)
    assert kept is not None
    files.put(replace(kept, at=kept.at - timedelta(days=400)))
    process = start("--json")

    out, err = process.communicate(timeout=200)

    assert process.returncode == 0, err
    assert err == "calibrating this machine: about half a minute\n"
    document = json.loads(out)
    made = decode(Calibration, document["calibration"])
    assert made == files.read(this_chip().name)
    assert made.at > kept.at
    assert document["valid"] and document["changes"] == [] and Path(document["path"]).is_file()
    fast = {(t["family"], t["dtype"]): t["figure"] for t in document["throughputs"] if t["size"] == "medium"}
    assert 1e9 < fast["product", "FP32"]["low"] <= fast["product", "FP32"]["value"] <= fast["product", "FP32"]["high"] < 1e13
    assert ("product", "INT8") in fast and ("convolution", "INT8") in fast and ("movement", "FP32") in fast
    assert not list(tmp_path.glob("calibrations/*.work"))
    assert json.loads(start("--show", "--json").communicate(timeout=60)[0]) == document

    project = tmp_path / "project"
    project.mkdir()
    make_mlp(project / "one.onnx", (4, 8, 2))
    (project / "infractl.yaml").write_text("project: testing\n")
    (project / "scores.yaml").write_text(
        "apiVersion: infractl.dev/v1\nkind: InferenceService\nmetadata: {name: scores}\n"
        'spec: {model: {uri: one.onnx, version: "1"}, traffic: {peak: 20/s}}\n'
    )
    planned = subprocess.run(
        [sys.executable, "-m", "infractl", "plan"],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert planned.returncode == 0, planned.stderr
    assert "calibrating" not in planned.stderr
