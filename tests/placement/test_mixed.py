"""Offers of every sort beside each other: machines that stand there, accelerators, spot capacity, calls."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from infractl.domain.figure import Basis, Figure
from infractl.domain.hardware_class import HardwareClass
from infractl.domain.measurement import Measurements
from infractl.domain.offer import Metered, Mode, Offer, Purchase, Rate
from infractl.hardware import catalogue
from infractl.placement.place import place

GIB = 2**30
NOTHING = Measurements(calibrations={})
VALIDATED = {"model": {"uri": "model.onnx", "version": "3", "validation": {"data": "held-out.npz"}}}


def seconds(value: float) -> Figure:
    return Figure(value=value, unit="s", low=value / 2, high=2 * value, basis=Basis.declared, source="made up for a test")


def rate(price: str, metric: str = "instance", unit: str = "hour") -> Rate:
    return Rate(metric=metric, unit=unit, price=Decimal(price), currency="USD", source="a test", date=date(2026, 11, 24))


@pytest.fixture(scope="module")
def processor() -> Offer:
    chip = catalogue.processor("x86-avx512-vnni", vcpus=8, ghz=2.4, memory_bytes=16 * GIB)
    return Offer(
        name="c.8",
        target="cloud",
        chip=chip,
        count=1,
        region="here",
        purchase=Purchase.on_demand,
        tariff=(rate("0.40"),),
        host_memory_bytes=16 * GIB,
        host_cores=chip.cores,
    )


@pytest.fixture(scope="module")
def accelerator(processor) -> Offer:
    return replace(processor, name="g.1", chip=catalogue.chip("L4"), host_cores=8, tariff=(rate("1.00"),))


@pytest.fixture(scope="module")
def by_the_call(processor) -> Offer:
    return replace(
        processor,
        name="calls",
        chip=replace(processor.chip, hardware_class=HardwareClass.serverless),
        modes=(Mode.serverless,),
        metered=Metered(cores=1.0, keep_alive_s=seconds(300), start_s=seconds(5), concurrency=200, timeout_s=60.0),
        tariff=(rate("0.00002", "memory", "GB-s"), rate("0.20", "requests", "million")),
        host_memory_bytes=2 * GIB,
    )


@pytest.fixture(scope="module")
def decide(planner):
    def decided(size: str, /, *offers: Offer, hopeful: tuple[str, ...] = (), **spec):
        return place(planner.service(**spec), planner.profiles[size], offers, NOTHING, hopeful=hopeful)

    return decided


def names(decision) -> list[str]:
    return [e.offer.name for e in decision.ranked]


def codes(decision) -> dict[str, set[str]]:
    return {e.offer.name: {v.code for v in e.violations} for e in decision.refused}


def test_offers_of_every_sort_are_ranked_by_what_a_month_costs(decide, processor, accelerator, by_the_call) -> None:
    decision = decide("middling", accelerator, processor, by_the_call, traffic={"peak": "20/s", "average": "2/s"})

    assert names(decision) == ["calls", "c.8", "g.1"]
    first, *others = decision.ranked
    assert first.dominated is None
    assert all(o.dominated.by == "calls with fp32" and o.dominated.dearer.amount > 0 for o in others)


def test_traffic_that_one_replica_cannot_carry_gets_more_of_them(decide, processor) -> None:
    one, many = (decide("large", processor, traffic={"peak": peak}).ranked[0].placement for peak in ("50/s", "20000/s"))

    assert one.replicas == 1 and many.replicas > 1
    assert many.cost.expected_amount.amount == many.replicas * Decimal("0.40") * 730
    assert many.prediction.capacity_per_s.low >= many.prediction.rate_per_s == pytest.approx(20_000)


def test_replicas_that_are_limited_and_too_few_are_short_of_the_rate(decide, processor) -> None:
    short = decide("large", processor, traffic={"peak": "100000/s"}, serving={"replicas": {"max": 2}})

    assert codes(short) == {"c.8": {"unstable"}}


def test_a_promise_of_availability_takes_two_replicas_at_least(decide, processor) -> None:
    placement = decide("small", processor, slo={"availability": "99.9%"}, traffic={"peak": "10/s"}).ranked[0].placement

    assert placement.replicas >= 2


def test_where_there_is_one_machine_no_availability_is_promised(decide, processor) -> None:
    alone = replace(processor, available=1)

    assert codes(decide("small", alone, slo={"availability": "99.9%"}, traffic={"peak": "10/s"})) == {"c.8": {"quota"}}


def test_no_number_of_replicas_outlives_all_zones(decide, processor) -> None:
    decision = decide("small", processor, slo={"availability": "99.99999%"}, traffic={"peak": "10/s"})

    assert codes(decision) == {"c.8": {"availability-short"}}


def test_replicas_follow_a_schedule_and_cost_what_stands_there(decide, processor) -> None:
    traffic = {
        "peak": "20000/s",
        "schedule": [{"cron": "0 8 * * *", "factor": 1.0}, {"cron": "0 20 * * *", "factor": 0.1}],
    }
    fixed = decide("large", processor, traffic={"peak": "20000/s"}).ranked[0].placement
    moving = decide("large", processor, traffic=traffic).ranked[0].placement

    assert moving.replicas == fixed.replicas
    assert moving.least_replicas < moving.expected_replicas < moving.replicas
    assert moving.cost.floor_amount.amount < moving.cost.expected_amount.amount < moving.cost.ceiling_amount.amount
    # Half of the day at the peak, half of it at a tenth, in whole replicas.
    assert moving.expected_replicas == pytest.approx((moving.replicas + moving.least_replicas) / 2)


def test_a_number_of_replicas_that_is_fixed_follows_nothing(decide, processor) -> None:
    placement = (
        decide("large", processor, traffic={"peak": "2000/s", "pattern": "diurnal"}, serving={"replicas": 8}).ranked[0].placement
    )

    assert (placement.replicas, placement.expected_replicas) == (8, None)


def test_calls_cost_what_they_use_and_nothing_while_there_are_none(decide, by_the_call) -> None:
    cost = decide("middling", by_the_call, traffic={"peak": "20/s", "average": "2/s"}).ranked[0].placement.cost

    lines = {line.rate.metric: line for line in cost.expected}
    assert lines["requests"].usage == Decimal("5.256")  # 2/s for 730 hours, in millions
    assert cost.ceiling_amount.amount > 9 * cost.expected_amount.amount


def test_a_cold_start_breaks_a_tail_that_seldom_calls_cannot_keep_warm(decide, by_the_call) -> None:
    seldom = decide("middling", by_the_call, slo={"latency": {"p99": "500ms"}}, traffic={"peak": "0.001/s"})
    often = decide("middling", by_the_call, slo={"latency": {"p99": "500ms"}}, traffic={"peak": "5/s"})

    assert codes(seldom) == {"calls": {"cold-start-over-slo"}}
    assert "start cold" in seldom.refused[0].violations[0].have.source
    assert names(often) == ["calls"]


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"hardware": {"classes": ["gpu"]}}, "class-not-allowed"),
        ({"hardware": {"allow": ["g.*"]}}, "offer-not-allowed"),
        ({"hardware": {"deny": ["c.*"]}}, "offer-not-allowed"),
        ({"hardware": {"regions": ["elsewhere"]}}, "region-not-allowed"),
        ({"hardware": {"spot": "only"}}, "spot-alone"),
        ({"mode": "async", "async": {"output": "s3://bucket/out/"}}, "mode-not-offered"),
    ],
)
def test_what_the_document_does_not_allow_is_refused_with_its_code(decide, processor, wish, code: str) -> None:
    assert codes(decide("small", processor, traffic={"peak": "10/s"}, **wish)) == {"c.8": {code}}


@pytest.fixture(scope="module")
def spot(processor) -> Offer:
    return replace(processor, purchase=Purchase.spot, tariff=(rate("0.10"),), interrupted_s=seconds(40 * 3600))


def test_spot_capacity_is_taken_where_it_is_allowed_with_as_many_as_keep_enough(decide, processor, spot) -> None:
    traffic = {"peak": "20000/s"}
    never = decide("large", processor, spot, traffic=traffic)
    mixed = decide("large", processor, spot, traffic=traffic, hardware={"spot": "mixed"}).ranked[0].placement
    only = decide("large", processor, spot, traffic=traffic, hardware={"spot": "only"}).ranked[0].placement

    needed = never.ranked[0].placement.replicas
    assert codes(never) == {"c.8": {"spot-not-allowed"}}
    assert only.spot_replicas == only.replicas > needed
    assert mixed.spot_replicas > 0 and mixed.replicas >= needed
    assert mixed.cost.expected_amount.amount < never.ranked[0].placement.cost.expected_amount.amount


def test_spot_capacity_of_which_nobody_says_how_often_it_goes_is_not_planned_with(decide, spot) -> None:
    unknown = replace(spot, interrupted_s=Offer.__dataclass_fields__["interrupted_s"].default)

    assert codes(decide("large", unknown, hardware={"spot": "only"})) == {"c.8": {"no-figures"}}


def test_what_is_not_built_yet_is_costed_only_where_nothing_is_applied_yet(decide, accelerator) -> None:
    real = decide("large", accelerator, **VALIDATED)
    hoped = decide("large", accelerator, hopeful=("cloud",), **VALIDATED)
    unproven = decide("large", accelerator, hopeful=("cloud",))

    assert [e.recipe.name for e in real.ranked] == [e.recipe.name for e in unproven.ranked] == ["fp32"]
    assert {e.recipe.name for e in hoped.ranked} == {"fp32", "fp16", "bf16", "int8-static"}


def test_level_safe_leaves_integers_out_and_level_off_everything(decide, accelerator) -> None:
    def recipes(level: str) -> set[str]:
        return {
            e.recipe.name for e in decide("large", accelerator, hopeful=("cloud",), optimize={"level": level}, **VALIDATED).ranked
        }

    assert recipes("safe") == {"fp32", "fp16", "bf16"}
    assert recipes("off") == {"fp32"}


def test_bursts_are_simulated_and_take_no_fewer_replicas(decide, processor) -> None:
    wish = {"slo": {"latency": {"p99": "30ms"}}, "serving": {"batching": {"maxBatch": 8}}}
    steady, bursty = (
        decide("large", processor, traffic={"peak": "3000/s", "pattern": pattern}, **wish).ranked[0].placement
        for pattern in ("steady", "bursty")
    )

    assert bursty.replicas >= steady.replicas
    assert "squared coefficient of variation of 8" in bursty.prediction.latency_s[99].source
