"""The search for the capacity against an oracle that knows it, and that errs now and then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from infractl.measure.bench.search import CLOSE_ENOUGH, MOST_STEPS, Found, Outcome, Try, Verdict, search

TOP = 1000.0
KEPT = Verdict(outcome=Outcome.kept)
BROKEN = Verdict(outcome=Outcome.broken, reason="p99 is too long")
UNTOLD = Verdict(outcome=Outcome.untold, reason="too few requests")

capacities = st.floats(TOP / 20, 1.2 * TOP)
steps = st.integers(0, MOST_STEPS - 1)


def oracle(capacity: float, breaks: Collection[int] = ()) -> Try:
    """Breaks above `capacity`, and in the steps `breaks` whatever the rate."""
    return lambda rate_per_s, step: BROKEN if step in breaks or rate_per_s > capacity else KEPT


def broke(found: Found) -> Counter[float]:
    return Counter(step.rate_per_s for step in found.tried if not step.kept)


@pytest.mark.parametrize("capacity", [20.0, 480.0, 940.0, 5000.0])
def test_the_rate_that_a_service_carries_is_found_and_was_kept_twice(capacity: float) -> None:
    found = search(oracle(capacity), top=TOP)

    assert 0.8 * min(capacity, TOP) <= found.kept <= capacity
    assert found.confirmed
    assert (found.broken is None) == (capacity > TOP)
    assert found.broken is None or (found.broken > capacity and broke(found)[found.broken] == 2)


@given(capacities)
def test_without_a_hiccup_it_comes_close(capacity: float) -> None:
    found = search(oracle(capacity), top=TOP)

    assert found.kept <= capacity and found.confirmed
    assert found.kept * CLOSE_ENOUGH * 1.02 >= min(capacity, TOP)


@given(capacities, steps)
@example(TOP / 8 + 0.2, MOST_STEPS - 1)
def test_a_single_hiccup_at_any_step_costs_at_most_a_fifth(capacity: float, hiccup: int) -> None:
    found = search(oracle(capacity, {hiccup}), top=TOP)

    assert 0.8 * min(capacity, TOP) <= found.kept <= capacity


@pytest.mark.parametrize("kept_share", [0.0, 0.4])
@pytest.mark.parametrize("lowest_share", [0.3, 0.05])
def test_where_every_tenth_load_breaks_for_nothing_most_of_the_capacity_is_found_in_nearly_all_searches(
    lowest_share: float, kept_share: float
) -> None:
    random, enough, searches = Random(7), 0, 2000

    for _ in range(searches):
        capacity = random.uniform(lowest_share, 1.0) * TOP
        breaks = {step for step in range(MOST_STEPS) if random.random() < 0.1}
        found = search(oracle(capacity, breaks), top=TOP, kept=kept_share * capacity)
        enough += found.kept >= 0.8 * capacity

    assert enough >= 0.96 * searches


@given(st.floats(TOP / 5, 1.2 * TOP), st.floats(0.05, 0.9))
def test_a_peak_that_broke_by_a_hiccup_does_not_bound_the_search(capacity: float, share: float) -> None:
    peak = share * min(capacity, TOP)

    found = search(oracle(capacity), top=TOP, broken=peak)

    assert found.kept >= 0.8 * min(capacity, TOP)


@given(st.lists(st.sampled_from([KEPT, BROKEN]), min_size=MOST_STEPS, max_size=MOST_STEPS), st.floats(0.0, 0.9 * TOP))
def test_whatever_the_loads_say_it_ends_and_never_finds_a_rate_that_broke_twice(said: list[Verdict], lowest: float) -> None:
    found = search(lambda rate_per_s, step: said[step], top=TOP, lowest=lowest)

    assert len(found.tried) <= MOST_STEPS
    assert all(lowest <= step.rate_per_s <= TOP for step in found.tried)
    assert max(Counter(step.rate_per_s for step in found.tried).values()) <= 3
    assert broke(found)[found.kept] < 2
    assert found.broken is None or found.broken > found.kept
    assert not found.kept or any(step.rate_per_s == found.kept and step.kept for step in found.tried)


def test_a_rate_that_held_once_by_luck_is_not_the_capacity() -> None:
    held: set[float] = set()

    def attempt(rate_per_s: float, step: int) -> Verdict:
        lucky = rate_per_s not in held
        held.add(rate_per_s)
        return KEPT if rate_per_s <= 400 or (lucky and rate_per_s < 600) else BROKEN

    found = search(attempt, top=TOP)

    assert found.kept <= 400 or not found.confirmed


def test_a_load_that_shows_nothing_breaks_nothing_and_ends_the_search() -> None:
    found = search(lambda rate_per_s, step: UNTOLD if step == 2 else KEPT, top=TOP)

    assert found.untold == UNTOLD.reason
    assert (found.kept, found.broken, len(found.tried)) == (750.0, None, 3)


def test_the_lowest_rate_that_can_be_told_is_tried_twice_and_none_below_it() -> None:
    found = search(oracle(0.0), top=TOP, lowest=300.0)

    assert [step.rate_per_s for step in found.tried] == [500.0, 300.0, 300.0]
    assert found.kept == 0


def test_where_no_rate_can_be_told_none_is_tried() -> None:
    assert not search(oracle(10.0), top=TOP, lowest=1500.0).tried
    assert not search(oracle(10.0), top=TOP, lowest=200.0, broken=100.0).tried
