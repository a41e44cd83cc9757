"""What was measured of a model on a machine decides before anything that is computed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infractl.domain.figure import Basis, Figure
from infractl.domain.measurement import Measurement, Measurements, shape
from infractl.domain.placement import Placement
from infractl.placement.correction import correction_by
from infractl.placement.demand import Demand
from infractl.placement.evaluate import candidates
from infractl.placement.service_time import End
from infractl.placement.shape import Shape
from infractl.placement.sticky import sticky

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
SLO = {"slo": {"latency": {"p99": "10ms"}}, "traffic": {"peak": "1000/s"}}
LIMITS_S = {99: 0.01}


def seconds(value: float) -> Figure:
    return Figure(value=value, unit="s", low=0.9 * value, high=1.1 * value, basis=Basis.measured, source="a bench")


def per_second(value: float) -> Figure:
    return Figure(value=value, unit="1/s", low=value, high=1.05 * value, basis=Basis.measured, source="a bench")


@pytest.fixture
def bench(planner, calibration, offer):
    """What a bench of a model in a placement's shape would store."""

    def measured(
        placement: Placement, model: str = "middling", p99: float = 0.004, capacity: float = 1500.0, **other
    ) -> Measurement:
        figures = {
            **{f"alone_p{p}": seconds(s) for p, s in ((50, 0.0005), (95, 0.0008), (99, 0.001))},
            **{f"p{p}": seconds(s) for p, s in ((50, p99 / 4), (95, p99 / 2), (99, p99))},
            "saturation": per_second(1.5 * capacity),
            "capacity": per_second(capacity),
        }
        given = {
            "artifact": planner.profiles[model].digest,
            "chip": offer.chip.name,
            "machine": calibration.machine,
            "config": shape(max_batch=placement.batch, max_delay_s=0.0, instances=placement.instances, threads=placement.threads),
            "at": NOON,
            "figures": figures,
            "rate_per_s": 1000.0,
            "limits_s": LIMITS_S,
            "extents": {"batch": 1},
        }
        return Measurement(**(given | other))

    return measured


@pytest.fixture
def replan(planner, calibration):
    """The placement that follows from a recorded one and measurements, and the decision that it was taken by."""

    def again(recorded: Placement | None, *measurements: Measurement, model: str = "middling", **spec):
        known = Measurements(calibrations={calibration.chip: calibration}, measurements=measurements)
        decision = planner(model, known=known, recorded=recorded, **(spec or SLO))
        return (sticky(decision, recorded, 0.1).placement if decision.ranked else None), decision

    return again


def test_what_was_measured_to_hold_stays_with_the_measured_figures(planner, bench, replan) -> None:
    recorded = planner("middling", **SLO).ranked[0].placement
    measurement = bench(recorded)

    kept, decision = replan(recorded, measurement)

    assert Shape.of(kept) == Shape.of(recorded)
    assert {99: kept.prediction.latency_s[99], 50: kept.prediction.latency_s[50]} == {
        99: measurement.figures["p99"],
        50: measurement.figures["p50"],
    }
    assert kept.prediction.capacity_per_s == measurement.figures["capacity"]
    assert decision.given_up is None


def test_what_was_measured_to_hold_stays_though_it_is_computed_not_to(planner, bench, replan) -> None:
    one = Shape(instances=1, batch=1, threads=1)
    recorded = replace(planner("large", **SLO).ranked[0].placement, instances=1, batch=1, threads=1)
    assert Shape.of(replan(recorded, model="large")[0]) != one

    kept, _ = replan(recorded, bench(recorded, "large"), model="large")

    assert Shape.of(kept) == one


@pytest.mark.parametrize(("p99", "capacity", "code"), [(0.02, 1500.0, "p99-over-slo"), (0.004, 700.0, "throughput-short")])
def test_what_was_measured_to_break_a_promise_is_given_up_with_the_measured_reason(
    planner, bench, replan, p99: float, capacity: float, code: str
) -> None:
    recorded = planner("middling", **SLO).ranked[0].placement
    measurement = bench(recorded, p99=p99, capacity=capacity)

    taken, decision = replan(recorded, measurement)

    assert decision.given_up is not None
    (violation,) = decision.given_up.violations
    assert violation.code == code
    assert violation.have in measurement.figures.values()
    assert str(violation).endswith(" as measured")
    assert taken is None or Shape.of(taken) != Shape.of(recorded)


@pytest.mark.parametrize(
    "other",
    [
        {"artifact": "0" * 64},
        {"chip": "another chip"},
        {"machine": {"chip": "test chip", "onnxruntime": "0.1"}},
    ],
    ids=["another model", "another chip", "another machine"],
)
def test_what_was_measured_of_something_else_counts_for_nothing(planner, bench, replan, other) -> None:
    recorded = planner("middling", **SLO).ranked[0].placement

    kept, decision = replan(recorded, bench(recorded, p99=5.0, **other))

    assert kept == recorded
    assert decision.given_up is None


@pytest.mark.parametrize(
    "other",
    [{"rate_per_s": 1100.0, "limits_s": {99: 0.02}}, {"extents": {"batch": 4}}],
    ids=["at another rate and limit", "with larger requests"],
)
def test_what_was_measured_at_another_demand_is_no_figure_of_this_one(planner, bench, replan, other) -> None:
    recorded = planner("middling", **SLO).ranked[0].placement

    kept, _ = replan(recorded, bench(recorded, p99=0.002, **other))

    assert {f.basis for f in kept.prediction.latency_s.values()} == {Basis.calibrated}
    assert "scaled by what was measured on 2026-11-30" in kept.prediction.latency_s[99].source


def test_a_latency_that_the_load_tool_made_breaks_no_promise(planner, bench, replan) -> None:
    recorded = planner("middling", **SLO).ranked[0].placement

    _, decision = replan(recorded, bench(recorded, p99=0.02, bounds=("p50", "p95", "p99")))

    assert all(v.have.basis is not Basis.measured for v in (decision.given_up.violations if decision.given_up else ()))


def test_the_newest_measurement_of_a_shape_counts(planner, bench, replan) -> None:
    recorded = planner("middling", **SLO).ranked[0].placement
    bad, good = bench(recorded, p99=0.02), bench(recorded, at=NOON + timedelta(hours=1))

    assert replan(recorded, bad, good)[1].given_up is None
    assert replan(recorded, replace(good, at=NOON - timedelta(hours=1)), bad)[1].given_up is not None


def test_of_a_model_that_is_costed_in_part_only_what_was_measured_is_promised(planner, bench, calibration, without) -> None:
    open_profile = without(planner.profiles["middling"], (("Conv", 12),))
    parts = replace(planner, profiles={"middling": open_profile})
    ran = parts("middling", traffic=SLO["traffic"]).ranked[0].placement
    known = Measurements(calibrations={calibration.chip: calibration}, measurements=(bench(ran),))

    blind, seeing = parts("middling", **SLO), parts("middling", known=known, **SLO)

    assert [v.code for e in blind.refused for v in e.violations] == ["no-figures"]
    assert [Shape.of(e.placement) for e in seeing.ranked] == [Shape.of(ran)]
    assert seeing.ranked[0].placement.prediction.latency_s[99].basis is Basis.measured


def test_a_service_without_traffic_shows_what_one_request_at_a_time_took(planner, bench, replan) -> None:
    recorded = planner("small").ranked[0].placement

    kept, _ = replan(recorded, bench(recorded, "small", rate_per_s=0.0, limits_s={}), model="small", traffic={})

    assert kept.prediction.latency_s[99] == seconds(0.001)


@given(
    alone_s=st.floats(1e-4, 1e-1),
    saturation=st.floats(10.0, 1e5),
    batch=st.sampled_from([1, 4, 32]),
    instances=st.sampled_from([1, 2, 4]),
    model=st.sampled_from(["small", "middling", "large"]),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_corrected_times_give_what_was_measured(
    planner, bench, offer, alone_s: float, saturation: float, batch: int, instances: int, model: str
) -> None:
    service, known, recipe = planner.service(), planner.known, planner("small").ranked[0].recipe
    wanted = Shape(instances=instances, batch=batch, threads=1)
    (candidate,) = [c for c in candidates(service, planner.profiles[model], offer, recipe, known) if c.shape == wanted]
    computed = candidate.station(End.expected)
    placement = replace(planner("small").ranked[0].placement, instances=instances, batch=batch)
    figures = {"alone_p50": seconds(alone_s), "saturation": per_second(saturation)}

    corrected = correction_by(bench(placement, model, figures=figures), computed).of(computed)

    assert corrected.rate_at(1.0) == pytest.approx(saturation)
    assert corrected.latency_s(0.0)[50] == pytest.approx(alone_s)


@given(data=st.data())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_measuring_and_planning_in_turn_comes_to_an_end(planner, bench, replan, data) -> None:
    """However a machine answers, no shape is taken again that was measured to fail, and one that holds stays."""
    truth: dict[Shape, bool] = {}
    measurements: list[Measurement] = []
    placement, _ = replan(None)
    for day in range(len(list_shapes(planner)) + 1):
        if placement is None:
            break
        found = Shape.of(placement)
        assert truth.get(found) is not False
        if truth.get(found):
            break
        truth[found] = data.draw(st.booleans(), label=str(found))
        speed = data.draw(st.floats(0.3, 3.0), label="speed")
        p99_s = (0.009 if truth[found] else 0.02) * min(1.0, speed) if truth[found] else 0.02 * max(1.0, speed)
        capacity = (1200.0 if truth[found] else 800.0) / (1.0 if truth[found] else max(1.0, speed))
        measurements.append(bench(placement, p99=p99_s, capacity=capacity, at=NOON + timedelta(days=day)))
        placement, _ = replan(placement, *measurements)

    assert placement is None or truth[Shape.of(placement)]
    assert placement is None or Shape.of(replan(placement, *measurements)[0]) == Shape.of(placement)


def list_shapes(planner) -> list[Shape]:
    recipe = planner("small").ranked[0].recipe
    found = candidates(planner.service(**SLO), planner.profiles["middling"], planner.offer, recipe, planner.known)
    assert Demand.of(planner.service(**SLO)).rate_per_s == 1000.0
    return [c.shape for c in found]
