"""What a bench measures decides the next plan: it confirms the shape that runs, or has another one taken, and says why."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from infractl.domain.calibration import Calibration
from infractl.measure.calibration_store import CalibrationFiles
from infractl.state.codec import decode, encode
from infractl.state.measurements import LocalMeasurementStore

BENCH = ("bench", "scores", "--duration", "1s")
AT_THE_PEAK = (
    "bench",
    "scores",
    "--duration",
    "2s",
    "--scenario",
    "SingleStream",
    "--scenario",
    "Server",
    "--scenario",
    "Saturation",
)
FASTER = 1 / 30
ROUNDS = 5


@pytest.mark.slow
def test_a_promise_that_was_measured_to_hold_changes_nothing(folder) -> None:
    folder.write(peak="300/s", p99="900ms")
    before = prediction(folder.plan())
    folder.run("apply", "--auto-approve")
    folder.run("plan", "--out", "before.json")
    stored = json.loads(folder.run(*BENCH, "--json").stdout)

    plan = folder.plan()

    assert changes(plan) == []
    after = prediction(plan)
    assert {f["basis"] for f in before["latency_s"].values()} == {"calibrated"}
    assert {f["basis"] for f in (*after["latency_s"].values(), after["capacity_per_s"])} == {"measured"}
    for percentile in ("50", "95", "99"):
        assert after["latency_s"][percentile] == stored["measurement"]["figures"][f"p{percentile}"]
    assert stored["stored"] in plan["plan"]["services"][0]["measurements"]
    text = folder.run("plan").stdout
    assert "measured in this shape, by infractl bench of" in text
    assert "No changes." in text
    stale = folder.run("apply", "before.json", code=4)
    assert "error[plan-measured]" in stale.stderr
    folder.run("destroy", "--auto-approve")


@pytest.mark.slow
def test_a_promise_that_was_measured_to_be_broken_has_another_shape_taken_until_one_holds(folder, make_mlp, tmp_path) -> None:
    make_mlp(folder.path / "one.onnx", (32, 4096, 4096, 8))
    folder.write(peak=f"{3 / seconds_alone(folder.path / 'one.onnx'):.0f}/s", p99="400ms")
    folder.run("validate")
    pretend_faster(folder, tmp_path / "cache")
    shapes = [shape(folder.plan())]
    assert (shapes[0]["max_batch"], shapes[0]["instances"]) == (1, 1)
    folder.run("apply", "--auto-approve")

    for _ in range(ROUNDS):
        folder.run(*AT_THE_PEAK)
        pretend_quiet(folder)
        plan = next_plan(folder)
        if not changes(plan):
            break
        assert "given-up" in codes(plan)
        assert "as measured" in folder.run("show", "plan.json").stdout
        assert shape(plan) not in shapes
        shapes.append(shape(plan))
        folder.run("apply", "plan.json")
        assert changes(next_plan(folder)) == []

    assert len(shapes) > 1
    assert changes(plan) == []
    assert "measured" in codes(plan)
    folder.run("destroy", "--auto-approve")


def next_plan(folder: Any) -> dict[str, Any]:
    """Skips where other programs left the machine so little that no shape can hold: the refusal then says what was measured."""
    planned = folder.run("plan", "--json", "--out", "plan.json", code=None)
    if planned.returncode:
        assert "error[slo-infeasible]" in planned.stderr, planned.stderr
        short = ("unstable", "throughput-short", "needs-measurement")
        assert any(f"{code}: needs" in planned.stderr for code in short), planned.stderr
        pytest.skip("this machine is too busy to serve in any shape what it can serve alone")
    plan: dict[str, Any] = json.loads(planned.stdout)
    return plan


def seconds_alone(model: Path) -> float:
    """Of one item on one thread, at its best."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model), options)
    inputs = {"features": np.ones((1, 32), np.float32)}
    taken = []
    for _ in range(50):
        began = time.perf_counter()
        session.run(None, inputs)
        taken.append(time.perf_counter() - began)
    return float(np.quantile(taken, 0.2))


def pretend_faster(folder: Any, cache: Path) -> None:
    """From here on this machine's engine counts as far faster than it is."""
    shutil.copytree(folder.environment["INFRACTL_CACHE"], cache)
    folder.environment["INFRACTL_CACHE"] = str(cache)
    files = CalibrationFiles(cache / "calibrations")
    (chip,) = files.chips()
    calibration = encode(files.read(chip))
    for part in ("kernels", "weight_fetches", "activation_fetches"):
        for timed in calibration[part]:
            figure = timed["seconds" if part == "kernels" else "seconds_per_byte"]
            figure |= {end: figure[end] * FASTER for end in ("value", "low", "high")}
    files.put(decode(Calibration, calibration))


def pretend_quiet(folder: Any) -> None:
    """Other tests run beside this one: what they disturb refutes nothing, and this is about what does."""
    store = LocalMeasurementStore(folder.path / ".infractl" / "measurements")
    kept = store.list()
    for file in (folder.path / ".infractl" / "measurements").glob("*.json"):
        file.unlink()
    for measurement in kept:
        store.put(replace(measurement, disturbances=()))


def prediction(plan: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = plan["plan"]["services"][0]["deployment"]["stable"]["placement"]["prediction"]
    return found


def shape(plan: dict[str, Any]) -> dict[str, Any]:
    config = plan["plan"]["services"][0]["deployment"]["stable"]["config"]
    return {name: config[name] for name in ("max_batch", "instances", "threads")}


def changes(plan: dict[str, Any]) -> list[str]:
    return [c["action"] for c in plan["plan"]["services"][0]["changes"] if c["action"] != "no-op"]


def codes(plan: dict[str, Any]) -> set[str]:
    return {notice["code"] for notice in plan["plan"]["services"][0]["notices"]}
