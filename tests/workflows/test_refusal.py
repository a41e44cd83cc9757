"""An SLO that nothing meets, on a machine with known figures: which reason is given, where, and what is near."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infractl.domain.calibration import Calibration
from infractl.domain.chip import Chip
from infractl.domain.figure import Basis, Figure
from infractl.domain.hardware_class import HardwareClass
from infractl.domain.measurement import Measurements
from infractl.domain.offer import Offer, Purchase
from infractl.domain.unknown import Unknown
from infractl.placement.place import place
from infractl.placement.relax import relaxations
from infractl.profile.onnx import profile_onnx
from infractl.report.diagnostic import render
from infractl.spec.load import load_project
from infractl.workflows.refusal import refusal

CASE = Path(__file__).parents[1] / "cases" / "workflows" / "infeasible"


def figure(value: float, unit: str) -> Figure:
    return Figure(
        value=value, unit=unit, low=0.8 * value, high=1.25 * value, basis=Basis.measured, source="made up for this test"
    )


def machine() -> Calibration:
    return Calibration(
        chip="Example CPU x2",
        machine={},
        at=datetime(2026, 11, 24, tzinfo=UTC),
        flops_per_s=figure(5e10, "FLOP/s"),
        bandwidth_bytes_per_s=figure(1e10, "B/s"),
        cached_bandwidth_bytes_per_s=figure(5e10, "B/s"),
        cached_bytes=2**20,
        call_s=figure(5e-6, "s"),
        operator_s=figure(5e-7, "s"),
        request_s=figure(1.5e-4, "s"),
        value_s=figure(1e-8, "s"),
        requests_per_s=figure(5000.0, "1/s"),
        joined_per_s=figure(8000.0, "1/s"),
        joined=8,
    )


def offer() -> Offer:
    chip = Chip(
        name="Example CPU x2",
        hardware_class=HardwareClass.cpu,
        cores=2,
        peak_flops_per_s={},
        bandwidth_bytes_per_s=Unknown("not calibrated"),
        memory_bytes=2**34,
    )
    return Offer(
        name="this machine",
        target="local",
        chip=chip,
        count=1,
        region="local",
        purchase=Purchase.owned,
        tariff=(),
        host_memory_bytes=2**34,
        available=1,
    )


def test_an_infeasible_slo_is_told_with_both_numbers_where_it_is_written_and_what_is_near(
    tmp_path: Path, make_mlp: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(CASE / "scores.yaml", tmp_path)
    model = make_mlp(tmp_path / "one.onnx", (4, 8, 2), seed=1)
    monkeypatch.chdir(tmp_path)
    (loaded,) = load_project([Path("scores.yaml")]).services
    known = Measurements(calibrations={"Example CPU x2": machine()})

    profile = profile_onnx(model, tmp_path)
    decision = place(loaded.service, profile, [offer()], known)
    near = relaxations(loaded.service, lambda asked: place(asked, profile, [offer()], known))
    text = render([refusal(loaded, profile, decision, near)])

    golden = CASE / "expected.txt"
    if os.environ.get("INFRACTL_GOLDENS"):
        golden.write_text(text, encoding="utf-8")
    assert decision.ranked == ()
    assert text == golden.read_text(encoding="utf-8")
