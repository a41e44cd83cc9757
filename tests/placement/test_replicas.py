"""Replicas for a rate, over a week and for a promise; mixes of spot and on-demand against every other mix."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal
from itertools import product
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infractl.placement.replicas import at_least, available_replicas, available_share, fleet, needed
from infractl.placement.spot import cheapest_mix, spot_share
from infractl.placement.week import DIURNAL_TROUGH, Stretch, curve, growth, mean_factor, reaction_s, scheduled

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
OFFICE_HOURS = [("0 8 * * 1-5", 1.0), ("0 20 * * 1-5", 0.2)]


def test_replicas_carry_the_rate_and_its_growth() -> None:
    assert needed(1000, 300) == 4
    assert needed(900, 300) == 3
    assert needed(900, 300, growth=0.1) == 4
    assert needed(0, 0, least=2) == 2


def test_a_replica_without_capacity_is_no_plan() -> None:
    with pytest.raises(ValueError, match="without capacity"):
        needed(10, 0.0)


def test_growth_from_nothing_has_no_headroom() -> None:
    with pytest.raises(ValueError, match="peak"):
        needed(10, 5, growth=math.inf)


def test_office_hours_are_half_of_the_working_days() -> None:
    found = scheduled(OFFICE_HOURS, MONDAY)

    at_peak = sum(stretch.seconds for stretch in found if stretch.factor == 1.0)
    assert at_peak == pytest.approx(4 * 5 * 12 * 3600)
    assert sum(stretch.seconds for stretch in found) == pytest.approx(28 * 86_400)


def test_what_was_in_force_before_the_first_stretch_still_is() -> None:
    """Before Monday's eight o'clock Friday's evening lasts."""
    first = scheduled(OFFICE_HOURS, MONDAY)[0]

    assert first == Stretch(seconds=8 * 3600, factor=0.2)


def test_an_hour_that_a_time_zone_skips_is_not_planned_for() -> None:
    """From Saturday's evening to Monday's morning Berlin has one hour less when summer begins."""
    weekend = [("0 20 * * 6", 0.1), ("0 8 * * 1", 1.0)]

    found = scheduled(weekend, datetime(2026, 3, 3, tzinfo=ZoneInfo("Europe/Berlin")))

    # Summer begins on the 29th of March.
    assert [s.seconds / 3600 for s in found if s.factor == 0.1] == [36, 36, 36, 35]


def test_a_fleet_follows_its_schedule_between_its_bounds() -> None:
    found = fleet(scheduled(OFFICE_HOURS, MONDAY), peak_per_s=1000, capacity_per_s=100, least=3)

    at_peak = 60 / 168
    assert (found.floor, found.ceiling) == (3, 10)
    assert found.expected == pytest.approx(10 * at_peak + 3 * (1 - at_peak))


def test_a_fleet_keeps_its_most() -> None:
    assert fleet(curve("steady"), peak_per_s=1000, capacity_per_s=100, most=4).ceiling == 4


@pytest.mark.parametrize("average", [0.05, 0.3, 0.5, 0.6, 0.9])
def test_a_day_has_the_declared_average_and_peak(average: float) -> None:
    day = curve("diurnal", average)

    assert mean_factor(day) == pytest.approx(average, rel=1e-3)
    assert max(stretch.factor for stretch in day) == pytest.approx(1.0)


def test_a_day_of_which_nothing_is_known_has_the_stated_trough() -> None:
    day = curve("diurnal")

    assert min(stretch.factor for stretch in day) == pytest.approx(DIURNAL_TROUGH)


@pytest.mark.parametrize("pattern", ["steady", "bursty", "sporadic"])
def test_every_pattern_has_the_declared_average(pattern: str) -> None:
    assert mean_factor(curve(pattern, 0.3)) == pytest.approx(0.3)


def test_a_day_grows_as_its_steepest_hour_does() -> None:
    day, reaction = curve("diurnal"), reaction_s(60, 90, 120, 30)
    assert reaction == 300

    def rate(hour: float) -> float:
        return DIURNAL_TROUGH + (1 - DIURNAL_TROUGH) * (1 + math.cos(2 * math.pi * hour / 24)) / 2

    steepest = max(rate(minute / 60 + 0.25) / rate(minute / 60) for minute in range(1440)) - 1
    assert growth(day, reaction) == pytest.approx(steepest, rel=0.05)  # the day is drawn in quarters of an hour


def test_a_step_grows_as_far_as_it_reaches_and_only_upwards() -> None:
    steps = (Stretch(seconds=3600, factor=0.25), Stretch(seconds=3600, factor=1.0))

    assert growth(steps, 60) == pytest.approx(3.0)
    assert growth(curve("steady"), 600) == 0.0


def test_traffic_after_none_grows_without_bound() -> None:
    assert math.isinf(growth(curve("sporadic"), 60))


def test_what_the_fewest_replicas_carry_anyway_does_not_grow() -> None:
    steps = (Stretch(seconds=3600, factor=0.0), Stretch(seconds=3600, factor=0.5), Stretch(seconds=3600, factor=1.0))

    assert growth(steps, 60, floor=0.25) == pytest.approx(1.0)


@pytest.mark.parametrize(("trials", "successes", "share"), [(5, 3, 0.9), (12, 12, 0.99), (30, 20, 0.5)])
def test_the_binomial_tail_is_the_sum_of_its_terms(trials: int, successes: int, share: float) -> None:
    terms = (math.comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in range(successes, trials + 1))

    assert at_least(trials, successes, share) == pytest.approx(math.fsum(terms), rel=1e-12)


def test_availability_is_that_of_every_state_of_replicas_and_zones() -> None:
    replicas, zones, replica_share, zone_share = (0, 0, 1, 1, 2), 3, 0.9, 0.8
    expected = 0.0
    for up in product((0, 1), repeat=zones + len(replicas)):
        standing = sum(up[zones + i] and up[zone] for i, zone in enumerate(replicas))
        shares = [zone_share] * zones + [replica_share] * len(replicas)
        likely = math.prod(share if is_up else 1 - share for is_up, share in zip(up, shares, strict=True))
        expected += likely * (standing >= 3)

    assert available_share(5, 3, replica_share, zones, zone_share) == pytest.approx(expected)


def test_a_promise_needs_two_at_least_and_as_many_as_keep_it() -> None:
    assert available_replicas(1, 0.9, zone_share=0.99) == 2
    found = available_replicas(4, 0.9999, replica_share=0.99, zones=3, zone_share=0.9999)
    assert found is not None
    assert available_share(found, 4, 0.99, 3, 0.9999) >= 0.9999 > available_share(found - 1, 4, 0.99, 3, 0.9999)


def test_no_number_of_replicas_outlives_its_only_zone() -> None:
    assert available_replicas(1, 0.9999, zones=1, zone_share=0.999) is None


def brute(need: int, spot: Decimal, on_demand: Decimal, share: float, enough: float, least: int) -> Decimal:
    """The least cost of all mixes up to a size that no cheapest mix exceeds."""

    def keeps(n_spot: int, n_on_demand: int) -> bool:
        terms = (
            math.comb(n_spot, k) * share**k * (1 - share) ** (n_spot - k) for k in range(n_spot + 1) if k + n_on_demand >= need
        )
        return math.fsum(terms) >= enough

    mixes = product(range(40), range(least, max(need, least) + 1))
    return min(s * spot + o * on_demand for s, o in mixes if keeps(s, o))


@given(
    need=st.integers(1, 8),
    part=st.integers(5, 100),
    share=st.floats(0.5, 0.999),
    enough=st.sampled_from([0.9, 0.99, 0.999]),
    least=st.integers(0, 3),
)
@settings(max_examples=60, deadline=None)
def test_the_cheapest_mix_costs_what_the_best_of_all_mixes_does(
    need: int, part: int, share: float, enough: float, least: int
) -> None:
    spot, on_demand = Decimal(part) / 100, Decimal(1)

    mix = cheapest_mix(need, spot, on_demand, share, enough, least)

    assert mix.spot * spot + mix.on_demand * on_demand == brute(need, spot, on_demand, share, enough, least)
    assert mix.share >= enough
    assert mix.on_demand >= least


def test_a_mix_keeps_enough_when_it_is_played() -> None:
    mix = cheapest_mix(6, Decimal("0.3"), Decimal(1), 0.9, 0.99)
    source = Random(0)

    rounds = 50_000
    kept = sum(mix.on_demand + sum(source.random() < 0.9 for _ in range(mix.spot)) >= 6 for _ in range(rounds))

    assert mix.spot > 0
    assert kept / rounds == pytest.approx(mix.share, abs=0.002)


def test_spot_that_never_answers_is_not_bought() -> None:
    assert cheapest_mix(3, Decimal(0), Decimal(1), 0.0).spot == 0


def test_spot_answers_between_interruptions() -> None:
    assert spot_share(interrupted_s=9 * 3600, restart_s=3600) == pytest.approx(0.9)
