"""The decision: what is chosen, why the others are not, and what would be feasible instead."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infractl.domain.figure import Basis, Figure
from infractl.domain.measurement import Measurements
from infractl.domain.metric import Metric
from infractl.domain.optimization import AccuracyVerdict, LatencyVerdict, Outcome, Refusal, Tried
from infractl.domain.precision import Precision
from infractl.domain.recipe import AS_GIVEN, Pass, Recipe
from infractl.domain.unknown import Unknown
from infractl.placement.place import place
from infractl.placement.speed import speed_of
from infractl.units import Money, format_duration, format_rate


def codes(evaluation) -> set[str]:
    return {violation.code for violation in evaluation.violations}


def shape(decision) -> tuple[int, int]:
    placement = decision.ranked[0].placement
    return placement.instances, placement.batch


def test_a_calm_service_gets_the_simplest_shape(planner) -> None:
    decision = planner("small", slo={"latency": {"p99": "20ms"}}, traffic={"peak": "100/s"})

    assert shape(decision) == (1, 1)
    assert decision.refused == ()


def test_a_prediction_says_where_it_comes_from_and_how_sure_it_is(planner) -> None:
    prediction = planner("small", traffic={"peak": "100/s"}).ranked[0].placement.prediction

    for figure in (*prediction.latency_s.values(), prediction.capacity_per_s):
        assert figure.low < figure.value < figure.high
        assert figure.basis is Basis.calibrated
        assert "calibration of 2026-11-24" in figure.source
    assert prediction.memory_bytes.basis is Basis.estimated
    assert 0 < prediction.utilization < 0.1


def test_without_traffic_the_idle_latency_is_predicted_and_said_to_be(planner, calibration) -> None:
    prediction = planner("small").ranked[0].placement.prediction

    assert prediction.utilization == 0
    assert prediction.latency_s[50].value == pytest.approx(calibration.request_s.value, rel=0.1)
    assert "no traffic is declared" in prediction.latency_s[50].source


def test_more_traffic_is_met_by_batches_before_instances(planner) -> None:
    calm, busy = (
        shape(planner("middling", slo={"latency": {"p99": "20ms"}}, traffic={"peak": peak})) for peak in ("300/s", "3000/s")
    )

    assert calm == (1, 1)
    assert busy[0] == 1 and busy[1] > 1


def test_a_model_for_single_items_is_never_batched(planner, calibration) -> None:
    slow = replace(calibration.cached_bandwidth_bytes_per_s, value=15e9)
    slower = replace(calibration, cached_bandwidth_bytes_per_s=slow)

    decision = planner("fixed", known=Measurements(calibrations={slower.chip: slower}), traffic={"peak": "2100/s"})

    assert decision.ranked[0].placement.batch == 1
    assert decision.ranked[0].placement.instances > 1


@pytest.mark.parametrize(
    ("batching", "expected"), [("off", 1), ({"maxBatch": 7}, 7), ({"maxBatch": 500, "maxDelay": "2ms"}, 500)]
)
def test_declared_batching_is_kept(planner, batching, expected: int) -> None:
    decision = planner("middling", traffic={"peak": "100/s"}, serving={"batching": batching})

    assert decision.ranked[0].placement.batch == expected


def test_a_declared_delay_is_part_of_the_latency(planner) -> None:
    at_once, delayed = (
        planner("small", serving={"batching": {"maxBatch": 8, "maxDelay": delay}}).ranked[0].placement.prediction.latency_s[50]
        for delay in ("0ms", "3ms")
    )

    assert delayed.value == pytest.approx(at_once.value + 3e-3)
    assert delayed.low == pytest.approx(at_once.low)


def test_an_impossible_latency_is_refused_with_both_numbers(planner) -> None:
    decision = planner("large", slo={"latency": {"p50": "1ms", "p99": "10ms"}}, traffic={"peak": "10/s"})

    assert decision.ranked == ()
    assert codes(decision.refused[0]) == {"service-time-over-slo"}
    violation = decision.refused[0].violations[0]
    assert (violation.need.value, violation.need.basis, violation.need.source) == (1e-3, Basis.declared, "spec.slo.latency.p50")
    assert violation.need.value < violation.have.low <= decision.refused[0].placement.prediction.latency_s[50].low
    assert re.fullmatch(r"service-time-over-slo: needs 1ms, has [\d.]+ms", str(violation))


def test_a_latency_that_only_the_fast_end_keeps_is_refused(planner) -> None:
    latency = planner("small", traffic={"peak": "10/s"}).ranked[0].placement.prediction.latency_s[99]
    between = (latency.value + latency.high) / 2

    decision = planner("small", slo={"latency": {"p99": f"{between * 1e6:.0f}us"}}, traffic={"peak": "10/s"})

    assert codes(decision.refused[0]) == {"needs-measurement"}
    have = decision.refused[0].violations[0].have
    assert have.value < between < have.high
    assert str(decision.refused[0].violations[0]).endswith(
        f"has {format_duration(have.value)}, up to {format_duration(have.high)}; infractl bench fraud tells more"
    )


def test_more_than_the_server_can_pass_is_refused_however_small_the_model(planner) -> None:
    decision = planner("small", traffic={"peak": "100000/s"})

    assert codes(decision.refused[0]) == {"unstable"}
    violation = decision.refused[0].violations[0]
    assert violation.need.value == 100_000 and violation.have.high < 100_000
    assert str(violation) == f"unstable: needs 100000/s, has {format_rate(violation.have.low)}"
    assert decision.refused[0].placement is None


def test_a_rate_without_room_for_error_is_short_of_throughput(planner) -> None:
    most = planner("small").ranked[0].placement.prediction.capacity_per_s
    peak = (most.low + most.value) / 2

    decision = planner("small", traffic={"peak": f"{peak:.0f}/s"}, serving={"batching": "off"})

    assert codes(decision.refused[0]) == {"needs-measurement"}
    have = decision.refused[0].violations[0].have
    assert have.low < peak <= have.value
    assert f"{format_rate(have.value)}, down to {format_rate(have.low)}; infractl bench" in str(decision.refused[0].violations[0])


def test_an_infeasible_service_is_told_what_would_be_feasible(planner) -> None:
    wanted = {"slo": {"latency": {"p99": "3ms"}}, "traffic": {"peak": "5000/s"}}

    found = {near.relaxed[0].field: near for near in planner.would_hold("middling", **wanted)}

    latency, rate = found["slo.latency.p99"], found["traffic.peak"]
    assert re.fullmatch(r"p99 of [\d.]+ms at 5000/s on this machine", str(latency))
    assert [r.field for r in latency.relaxed] == ["slo.latency.p99"] and latency.relaxed[0].to.value > 3e-3
    assert re.fullmatch(r"[\d.]+/s at p99 3ms on this machine", str(rate))
    assert [r.field for r in rate.relaxed] == ["traffic.peak"] and rate.relaxed[0].to.value < 5000


def test_a_promised_throughput_is_what_is_relaxed_where_it_sets_the_rate(planner) -> None:
    wanted = {"slo": {"latency": {"p99": "3ms"}, "throughput": "5000/s"}, "traffic": {"average": "10/s"}}

    found = planner.would_hold("middling", **wanted)

    assert "slo.throughput" in {near.relaxed[0].field for near in found}


def test_where_no_single_demand_is_enough_two_are_relaxed_together(planner) -> None:
    (both,) = planner.would_hold("large", slo={"latency": {"p99": "1ms"}}, traffic={"peak": "100000/s"})

    assert [r.field for r in both.relaxed] == ["slo.latency.p99", "traffic.peak"]
    assert re.fullmatch(r"p99 of [\d.]+ms at [\d.]+/s on this machine", str(both))


def test_of_several_offers_the_budget_is_relaxed_to_the_cheapest(planner, priced) -> None:
    offers = priced("two", "0.20"), priced("one", "0.10")

    found = planner.would_hold("small", *offers, budget={"monthly": "50 USD"})

    assert [str(near) for near in found] == ["73.00 USD a month on one"]


WISHES = st.tuples(st.sampled_from(["small", "middling", "large"]), st.floats(0.3, 30), st.floats(1, 8), st.integers(1, 40_000))


@given(wish=WISHES)
@settings(max_examples=25, deadline=None)
def test_each_of_the_nearest_figures_is_feasible_once_it_is_declared(planner, wish) -> None:
    model, p50_ms, ratio, peak = wish
    latency = {"p50": f"{p50_ms:.3f}ms", "p99": f"{p50_ms * ratio:.3f}ms"}
    asked = {"slo": {"latency": latency}, "traffic": {"peak": f"{peak}/s"}}
    decision = planner(model, **asked)
    assert bool(decision.ranked) != bool(decision.refused)

    for near in () if decision.ranked else planner.would_hold(model, **asked):
        relaxed, rate = dict(latency), f"{peak}/s"
        for percentile, limit in re.findall(r"(p\d\d) of ([\d.]+[mu]?s)", str(near)):
            relaxed[percentile] = limit
        if found := re.search(r"([\d.]+/s)", str(near)):
            rate = found[1]
        assert planner(model, slo={"latency": relaxed}, traffic={"peak": rate}).ranked, f"{near} is not feasible"


@given(wish=WISHES, relief=st.floats(1.0, 5.0))
@settings(max_examples=25, deadline=None)
def test_what_is_feasible_stays_so_under_a_looser_limit_or_less_traffic(planner, wish, relief: float) -> None:
    model, p50_ms, ratio, peak = wish

    def decide(loosened: float, rate: float):
        latency = {"p50": f"{p50_ms * loosened:.6f}ms", "p99": f"{p50_ms * ratio * loosened:.6f}ms"}
        return planner(model, slo={"latency": latency}, traffic={"peak": f"{rate:.6f}/s"})

    tight = decide(1.0, peak)
    looser, calmer = decide(relief, peak), decide(1.0, peak / relief)

    if tight.ranked:
        assert looser.ranked and calmer.ranked
        assert shape(looser) <= shape(tight)


def test_every_reason_that_needs_no_figures_is_given_at_once(planner) -> None:
    barred = {"hardware": {"classes": ["gpu"]}, "targets": ["cloud"], "known": Measurements(calibrations={})}

    decision = planner("small", **barred)

    assert codes(decision.refused[0]) == {"class-not-allowed", "target-not-allowed", "no-figures"}
    assert planner.would_hold("small", **barred) == ()


def test_an_slo_is_not_promised_for_a_model_that_is_not_wholly_costed(planner, without) -> None:
    open_profile = without(planner.profiles["small"], (("Conv", 12),))
    planner = replace(planner, profiles={"open": open_profile})

    promised = planner("open", slo={"latency": {"p99": "1s"}})
    unpromised = planner("open", traffic={"peak": "10/s"})

    assert codes(promised.refused[0]) == {"no-figures"}
    assert [str(v) for v in promised.refused[0].violations] == [
        "no-figures: needs the cost of Conv (12 times), has none, so that no SLO can be promised"
    ]
    assert unpromised.ranked


def test_figures_without_an_operator_are_estimated_and_as_wide_as_a_stated_guess(planner, without) -> None:
    open_profile = without(planner.profiles["small"], (("Conv", 12),))
    parts = replace(planner, profiles={"open": open_profile, "whole": planner.profiles["small"]})

    # 300/s leaves the known part at ease; a model as slow as the guess could not carry it.
    floor, whole = (parts(m, traffic={"peak": "300/s"}).ranked[0].placement.prediction for m in ("open", "whole"))

    for percentile, latency in floor.latency_s.items():
        known = whole.latency_s[percentile]
        assert latency.basis is Basis.estimated
        assert "without the cost of Conv (12 times)" in latency.source
        assert latency.source.endswith("a guess: 100 times the time of the rest, and at least 100ms")
        assert (latency.low, latency.value) == (known.low, known.value)
        assert latency.high == max(100 * known.high, 0.1)
    assert floor.capacity_per_s.basis is Basis.estimated
    assert floor.capacity_per_s.value == whole.capacity_per_s.value
    assert 0 < floor.capacity_per_s.low <= min(10, whole.capacity_per_s.low / 100)
    assert {figure.basis for figure in whole.latency_s.values()} == {Basis.calibrated}


def test_no_offer_is_refused_for_a_guess(planner, without) -> None:
    open_profile = without(planner.profiles["middling"], (("Conv", 12),))
    parts = replace(planner, profiles={"open": open_profile})

    assert parts("open", traffic={"peak": "1000/s"}).ranked
    assert codes(parts("open", traffic={"peak": "100000/s"}).refused[0]) == {"unstable"}


def test_a_model_larger_than_the_memory_does_not_fit(planner, offer) -> None:
    tiny = replace(offer, host_memory_bytes=96 * 2**20)

    decision = planner("large", tiny)

    assert codes(decision.refused[0]) == {"does-not-fit-memory"}
    violation = decision.refused[0].violations[0]
    assert violation.need.high > violation.have.value == 0.9 * 96 * 2**20
    assert str(violation).endswith("has 86.4MiB")


def test_no_price_is_unknown_and_not_nothing(planner) -> None:
    cost = planner("small").ranked[0].placement.cost

    assert isinstance(cost.expected_amount, Unknown)
    assert cost.why == "this machine: its price is not known"
    assert cost.floor == cost.expected == cost.ceiling == ()


def test_an_unknown_price_keeps_no_budget(planner) -> None:
    decision = planner("small", budget={"monthly": "10000 USD"})

    assert codes(decision.refused[0]) == {"price-unknown"}


def test_a_price_an_hour_is_paid_for_730_hours(planner, priced) -> None:
    cost = planner("small", priced("rented", "0.10")).ranked[0].placement.cost

    assert str(cost.expected_amount) == "73.00 USD"
    assert cost.floor == cost.expected == cost.ceiling


def test_a_dear_offer_is_over_budget_and_the_nearest_is_its_price(planner, priced) -> None:
    asked = {"budget": {"monthly": "50 USD"}}
    decision = planner("small", priced("rented", "0.10"), **asked)
    (near,) = planner.would_hold("small", priced("rented", "0.10"), **asked)

    assert [str(v) for v in decision.refused[0].violations] == ["over-budget: needs 50 USD a month, has 73.00 USD a month"]
    assert str(near) == "73.00 USD a month on rented"
    assert near.relaxed[0].to == Money(amount=Decimal("73.00"), currency="USD")


def test_a_price_in_another_currency_is_not_compared(planner, priced) -> None:
    decision = planner("small", priced("rented", "0.10", "EUR"), budget={"monthly": "500 USD"})

    assert codes(decision.refused[0]) == {"price-unknown"}


def test_the_cheapest_offer_comes_first_and_an_unknown_price_last(planner, offer, priced) -> None:
    decision = planner("small", offer, priced("dear", "0.20"), priced("cheap", "0.10"), traffic={"peak": "10/s"})

    assert [e.offer.name for e in decision.ranked] == ["cheap", "dear", "this machine"]


def test_costs_in_another_currency_come_after_those_that_compare_whatever_its_name(planner, offer, priced) -> None:
    dollars, euros, pounds = priced("dollars", "0.20"), priced("euros", "0.10", "EUR"), priced("pounds", "0.30", "GBP")

    def names(*offers) -> list[str]:
        return [e.offer.name for e in planner("small", *offers, traffic={"peak": "10/s"}).ranked]

    assert names(offer, dollars, euros, priced("cheap", "0.01")) == ["cheap", "dollars", "this machine", "euros"]
    assert names(pounds, euros, dollars) == ["pounds", "euros", "dollars"]


def test_a_tariff_in_two_currencies_has_no_sum(planner, mixed) -> None:
    assert planner("small", mixed).ranked[0].placement.cost.expected_amount == Unknown("rates in EUR and USD")
    refused = planner("small", mixed, budget={"monthly": "500 USD"}).refused[0]
    assert [str(v) for v in refused.violations] == [
        "price-unknown: needs a price, to keep 500 USD a month, has rates in EUR and USD"
    ]


def test_each_recipe_is_placed_and_one_of_unknown_speed_is_refused(planner, offer) -> None:
    pruned = replace(AS_GIVEN, name="pruned 25%", passes=(Pass(name="prune", settings={"share": 0.25}),))
    int8, other = replace(AS_GIVEN, name="int8", dtype=Precision.int8), replace(AS_GIVEN, name="fp32", engine="openvino")
    recipes = (AS_GIVEN, pruned, int8, other)

    decision = place(planner.service(), planner.profiles["small"], [offer], planner.known, recipes=recipes)

    assert [(e.recipe, e.placement.recipe) for e in decision.ranked] == [(AS_GIVEN, AS_GIVEN), (pruned, pruned)]
    assert [str(v) for e in decision.refused for v in e.violations] == [
        "no-figures: needs the speed of test chip with int8, has a calibration for onnxruntime in FP32 alone",
        "no-figures: needs the speed of test chip with fp32, has a calibration for onnxruntime in FP32 alone",
    ]


def tried(recipe: Recipe, times: tuple[float, float], refusal: Refusal | None = None) -> Tried:
    """Measured to be so many times as fast at batches of 1 and 32."""

    def of(value: float) -> Figure:
        return Figure(value=value, unit="times", low=value, high=value, basis=Basis.measured, source="a test")

    latency = LatencyVerdict(
        outcome=Outcome.passed, call_s={}, speedup={1: of(times[0]), 32: of(times[1])}, overall=of(math.sqrt(times[0] * times[1]))
    )
    accuracy = AccuracyVerdict(
        outcome=Outcome.passed,
        metric=Metric.accuracy,
        given=0.9,
        candidate=0.9,
        drop=0.0,
        upper=0.002,
        margin=0.01,
        rows=1000,
    )
    return Tried(recipe=recipe, artifact=None, accuracy=accuracy, latency=latency, refusal=refusal)


INT8 = replace(AS_GIVEN, name="int8-dynamic", dtype=Precision.int8, passes=(Pass(name="int8-dynamic", settings={}),))
PRUNED = replace(INT8, name="pruned")


def test_a_recipe_that_proved_itself_is_placed_at_its_measured_speed_before_the_given_model(planner, offer) -> None:
    widened = replace(offer, chip=replace(offer.chip, peak_flops_per_s={}))
    why = Refusal(code="accuracy", why="it may be 2.1 points worse, and 1 is allowed")
    known = replace(planner.known, tried={offer.chip.name: (tried(INT8, (2.0, 8.0)), tried(PRUNED, (3.0, 9.0), refusal=why))})

    decision = place(planner.service(), planner.profiles["middling"], [widened], known)

    faster, given = decision.ranked
    assert (faster.recipe, given.recipe) == (INT8, AS_GIVEN)
    assert faster.accuracy is not None and given.accuracy is None
    assert "int8-dynamic was measured 4 times as fast as the given model" in faster.placement.prediction.latency_s[99].source
    assert [str(v) for e in decision.refused for v in e.violations] == [
        "recipe-refused: needs an artifact that passes both gates, has it may be 2.1 points worse, and 1 is allowed"
    ]


def test_a_measured_speed_reaches_from_the_slowest_size_of_batch_to_the_fastest(planner, offer) -> None:
    known = replace(planner.known, tried={offer.chip.name: (tried(INT8, (2.0, 8.0)),)})

    given, made = speed_of(offer.chip, AS_GIVEN, planner.known), speed_of(offer.chip, INT8, known)

    assert made.scale == pytest.approx(given.scale / 4)
    assert made.scale * made.engine_error[0] == pytest.approx(given.engine_error[0] / 8)
    assert made.scale * made.engine_error[1] == pytest.approx(given.engine_error[1] / 2)


def test_the_reasons_against_one_offer_do_not_hide_the_other(planner, offer) -> None:
    elsewhere = replace(offer, name="elsewhere", target="cloud")

    decision = planner("small", offer, elsewhere, targets=["cloud"])

    assert [e.offer.name for e in decision.ranked] == ["elsewhere"]
    assert codes(decision.refused[0]) == {"target-not-allowed"}
