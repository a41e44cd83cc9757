"""Whatever was calibrated and asked: a decision holds finite numbers in order, as the state demands of what it keeps."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infractl.domain.calibration import Calibration
from infractl.domain.figure import Basis, Figure
from infractl.domain.measurement import Measurements
from infractl.domain.placement import Decision, Prediction
from infractl.domain.recipe import AS_GIVEN
from infractl.placement.server_time import ServerTime
from infractl.placement.service_time import End
from infractl.placement.speed import speed_of
from infractl.state.codec import canonical, decode, encode

FIGURES = [f.name for f in fields(Calibration) if f.type == "Figure"]


def powers(low: int, high: int) -> st.SearchStrategy[float]:
    return st.floats(low, high).map(lambda power: 10**power)


@st.composite
def calibrations(draw: st.DrawFn, like: Calibration) -> Calibration:
    """Machines a thousand times slower or faster in any one figure, whose figures need not agree with each other."""

    def measured(unit: str, value: float) -> Figure:
        low, high = draw(st.floats(0.01, 1)), draw(st.floats(1, 100))
        return Figure(value=value, unit=unit, low=value * low, high=value * high, basis=Basis.measured, source="drawn")

    drawn = {name: getattr(like, name) for name in FIGURES}
    return replace(
        like,
        **{name: measured(figure.unit, figure.value * draw(powers(-3, 3))) for name, figure in drawn.items()},
        cached_bytes=draw(st.integers(0, 2**40)),
        joined=draw(st.integers(2, 64)),
    )


@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_number_of_a_decision_is_finite(planner, calibration, data: st.DataObject) -> None:
    machine = data.draw(calibrations(calibration))
    batch = data.draw(st.sampled_from([1, 2, 7, 32, 500]))
    limits = data.draw(st.none() | powers(-9, 4))
    spec = {
        "traffic": {"peak": f"{data.draw(powers(-9, 12)):.3e}/s"},
        "serving": {"batching": {"maxBatch": batch, "maxDelay": f"{data.draw(powers(-6, 1)):.3e}s"}},
        "slo": {"latency": {"p99": f"{limits:.3e}s"}} if limits else {},
    }

    decision = planner(
        data.draw(st.sampled_from(["small", "large", "fixed"])), known=Measurements(calibrations={machine.chip: machine}), **spec
    )

    assert decode(Decision, json.loads(canonical(encode(decision)))) == decision
    for evaluation in (*decision.ranked, *decision.refused):
        if evaluation.placement:
            assert_in_order(evaluation.placement.prediction)


def assert_in_order(prediction: Prediction) -> None:
    for figure in (*prediction.latency_s.values(), prediction.capacity_per_s, prediction.memory_bytes):
        assert 0 <= figure.low <= figure.value <= figure.high
    for p50, p95 in zip(*(_ends(prediction.latency_s[p]) for p in (50, 95)), strict=True):
        assert p50 <= p95 * 1.002


def _ends(figure: Figure) -> tuple[float, float, float]:
    return figure.low, figure.value, figure.high


def test_figures_that_contradict_each_other_give_a_reason_and_no_placement(planner, calibration) -> None:
    """Requests one a call are taken to be slow at worst, joined ones are not: with large batches the slow end is the fast one."""
    single = replace(calibration.requests_per_s, value=5000.0, low=500.0, high=5000.0)
    joined = replace(calibration.joined_per_s, value=5000.0, low=4167.0, high=5000.0)
    machine = replace(calibration, requests_per_s=single, joined_per_s=joined, joined=2)

    decision = planner(
        "small",
        known=Measurements(calibrations={machine.chip: machine}),
        traffic={"peak": "4900/s"},
        serving={"batching": {"maxBatch": 32, "maxDelay": "0ms"}},
    )

    assert [v.code for v in decision.refused[0].violations] == ["needs-measurement"]


@pytest.mark.parametrize("joined_per_s", [1.0, 4000.0, 5000.0, 1e9])
def test_the_server_loop_never_takes_less_for_more_requests(profiles, offer, calibration, joined_per_s: float) -> None:
    rate = replace(calibration.joined_per_s, value=joined_per_s, low=joined_per_s, high=joined_per_s)
    known = Measurements(calibrations={calibration.chip: replace(calibration, joined_per_s=rate)})
    server_time = ServerTime(profile=profiles["small"], speed=speed_of(offer.chip, AS_GIVEN, known), end=End.expected)

    seconds = [server_time.loop_s(requests) for requests in range(1, 33)]

    assert 0 < seconds[0] == pytest.approx(1 / 5000, rel=0.1)
    assert seconds == sorted(seconds)
