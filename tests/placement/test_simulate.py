"""The simulator against closed forms that hold exactly, and the arrivals that it plays against what is said of them."""

from __future__ import annotations

import math
import statistics

import pytest

from infractl.placement.arrivals import PATTERNS, Arrivals, unit_arrivals
from infractl.placement.simulate import Batching, simulate

STEADY = PATTERNS["steady"]


def crommelin(load: float, wait: float) -> float:
    """P(W <= wait) of M/D/1, `wait` in services (Crommelin 1932; Erlang 1909)."""
    whole = math.floor(wait)
    terms = ((load * (k - wait)) ** k / math.factorial(k) * math.exp(-load * (k - wait)) for k in range(whole + 1))
    return (1 - load) * math.fsum(terms)


def median_of_runs(batching: Batching, rate: float, arrivals: Arrivals, percentile: int) -> float:
    return statistics.mean(simulate(batching, rate, arrivals, 40_000, seed)[percentile].value for seed in range(3))


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_one_at_a_time_waits_as_crommelin_found(load: float) -> None:
    for percentile in (50, 95, 99):
        latency = median_of_runs(Batching(batch_s=(1.0,)), load, STEADY, percentile)

        # Its distribution function, at what was simulated, is the percentile, or more where that many never wait.
        expected = max(percentile / 100, 1 - load)
        assert crommelin(load, latency - 1) == pytest.approx(expected, abs=0.012 if percentile == 50 else 0.006)


def test_a_cap_that_is_never_reached_in_an_idle_queue_costs_one_service() -> None:
    found = simulate(Batching(batch_s=(2e-3, 3e-3)), 1e-3, STEADY, 5_000)

    assert [found[p].value for p in (50, 95, 99)] == pytest.approx([2e-3] * 3)


def test_a_delay_is_waited_for_by_a_lone_request_and_not_by_one_that_fills_the_batch() -> None:
    lone = simulate(Batching(batch_s=(1e-3, 1e-3), delay_s=5e-3), 0.01, STEADY, 5_000)
    crowd = simulate(Batching(batch_s=(1e-6,) * 4, delay_s=1.0), 1e4, STEADY, 5_000)

    assert lone[50].value == pytest.approx(6e-3)
    assert crowd[99].value < 2e-3


def test_an_interval_holds_the_exact_value_about_as_often_as_it_says() -> None:
    exact = 1 + next(wait / 500 for wait in range(5000) if crommelin(0.5, wait / 500) >= 0.95)

    found = [simulate(Batching(batch_s=(1.0,)), 0.5, STEADY, 5_000, seed)[95] for seed in range(40)]

    assert sum(interval.low <= exact <= interval.high for interval in found) >= 33


def test_equal_seeds_play_equal_traffic() -> None:
    batching = Batching(batch_s=(1e-3, 2e-3), instances=3)

    assert simulate(batching, 900, STEADY, 5_000, seed=7) == simulate(batching, 900, STEADY, 5_000, seed=7)
    assert simulate(batching, 900, STEADY, 5_000, seed=7) != simulate(batching, 900, STEADY, 5_000, seed=8)


def test_a_faster_candidate_is_never_slower_on_the_same_traffic() -> None:
    slow, fast = Batching(batch_s=(1e-3, 2e-3, 3e-3)), Batching(batch_s=(0.9e-3, 1.8e-3, 2.7e-3))
    slower, faster = (simulate(b, 700, PATTERNS["bursty"], 10_000) for b in (slow, fast))

    assert all(faster[p].value < slower[p].value for p in (50, 95, 99))


def test_a_shared_queue_is_at_least_as_good_as_a_split_one() -> None:
    split, shared = (Batching(batch_s=(1e-3, 1.2e-3), instances=4, is_split=is_split) for is_split in (True, False))

    assert simulate(shared, 4_000, STEADY)[99].value < simulate(split, 4_000, STEADY)[99].value


@pytest.mark.parametrize("ca2", [1.0, 4.0, 8.0])
def test_gaps_vary_as_much_as_is_said(ca2: float) -> None:
    times = unit_arrivals(Arrivals(ca2=ca2), 400_000, 0)
    gaps = times[1:] - times[:-1]

    assert gaps.mean() == pytest.approx(1, rel=0.02)
    assert gaps.var() / gaps.mean() ** 2 == pytest.approx(ca2, rel=0.06)


def test_sporadic_traffic_comes_for_its_share_of_the_time() -> None:
    arrivals = PATTERNS["sporadic"]
    times = unit_arrivals(arrivals, 400_000, 0)

    assert len(times) / times[-1] == pytest.approx(arrivals.on_share, rel=0.05)


def test_burstier_traffic_waits_longer() -> None:
    batching = Batching(batch_s=tuple(5e-3 + 1e-3 * b for b in range(1, 17)))
    p99 = [simulate(batching, 0.7 * 16 / batching.batch_s[-1], Arrivals(ca2=ca2))[99].value for ca2 in (1.0, 4.0, 16.0)]

    assert p99 == sorted(p99)
    assert p99[-1] > 2 * p99[0]
