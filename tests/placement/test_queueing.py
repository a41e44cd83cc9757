"""The chain against a simulation of the same queue that shares no line and no idea with it: it plays every arrival."""

from __future__ import annotations

import math
import random
import statistics
from bisect import bisect_right
from decimal import Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infractl.placement.queueing import Queue, latency_percentiles

PERCENTILES = (50, 95, 99)


def simulate(rate: float, batch_s: tuple[float, ...], requests: int, seed: int) -> list[float]:
    """Percentiles of latency: one server, Poisson arrivals, the waiting ones taken up to the cap whenever it is free."""
    source = random.Random(seed)
    arrivals, now = [], 0.0
    for _ in range(requests):
        now += source.expovariate(rate)
        arrivals.append(now)
    latencies, free, first = [], 0.0, 0
    while first < requests:
        free = max(free, arrivals[first])
        last = bisect_right(arrivals, free, first, min(requests, first + len(batch_s)))
        free += batch_s[last - first - 1]
        latencies += [free - arrival for arrival in arrivals[first:last]]
        first = last
    settled = sorted(latencies[requests // 10 :])
    return [settled[int(p / 100 * len(settled))] for p in PERCENTILES]


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
@pytest.mark.parametrize(("fixed_s", "item_s"), [(5e-3, 2e-4), (1e-3, 1e-3)])
@pytest.mark.parametrize("cap", [1, 3, 8, 32])
def test_percentiles_agree_with_a_simulation(cap: int, fixed_s: float, item_s: float, share: float) -> None:
    batch_s = tuple(fixed_s + items * item_s for items in range(1, cap + 1))
    rate = share * cap / batch_s[-1]

    computed = latency_percentiles(Queue(rate_per_s=rate, batch_s=batch_s), PERCENTILES)

    runs = [simulate(rate, batch_s, 25_000, seed) for seed in range(6)]
    for percentile, latency, simulated in zip(PERCENTILES, computed, zip(*runs, strict=True), strict=True):
        mean = statistics.mean(simulated)
        interval = 2.6 * statistics.stdev(simulated) / len(simulated) ** 0.5
        assert abs(latency - mean) <= 0.03 * mean + interval, f"p{percentile}: computed {latency}, simulated {mean} ± {interval}"


def crommelin(load: float, wait: float) -> float:
    """P(W <= wait), in services, with one server and fixed service times (Crommelin 1932). Its terms cancel: hence 80 digits."""
    with localcontext() as context:
        context.prec = 80
        rate, late = Decimal(load), Decimal(wait)
        terms = ((rate * (k - late)) ** k / math.factorial(k) * (-rate * (k - late)).exp() for k in range(int(wait) + 1))
        return float((1 - rate) * sum(terms))


@pytest.mark.parametrize("load", [0.3, 0.5, 0.7, 0.9, 0.95])
def test_without_batches_the_wait_is_that_of_crommelin(load: float) -> None:
    for percentile, latency in zip(
        PERCENTILES, latency_percentiles(Queue(rate_per_s=load, batch_s=(1.0,)), PERCENTILES), strict=True
    ):
        assert crommelin(load, latency - 1) == pytest.approx(max(percentile / 100, 1 - load), abs=5e-5)


@st.composite
def queues(draw: st.DrawFn) -> Queue:
    cap = draw(st.sampled_from([1, 2, 5, 8, 16]))
    fixed_s, item_s = draw(st.floats(1e-6, 1e-2)), draw(st.floats(1e-6, 1e-2))
    batch_s = tuple(fixed_s + items * item_s for items in range(1, cap + 1))
    return Queue(rate_per_s=draw(st.floats(0.01, 0.9)) * cap / batch_s[-1], batch_s=batch_s)


@given(queue=queues())
@settings(max_examples=60, deadline=None)
def test_percentiles_are_ordered_and_at_least_the_shortest_service(queue: Queue) -> None:
    p50, p95, p99 = latency_percentiles(queue, PERCENTILES)

    assert queue.batch_s[0] * 0.999 <= p50 <= p95 <= p99


@given(queue=queues(), growth=st.floats(0.3, 0.95))
@settings(max_examples=60, deadline=None)
def test_more_traffic_never_shortens_the_latency(queue: Queue, growth: float) -> None:
    calmer = latency_percentiles(Queue(rate_per_s=queue.rate_per_s * growth, batch_s=queue.batch_s), PERCENTILES)
    busier = latency_percentiles(queue, PERCENTILES)

    assert all(less <= more * 1.002 for less, more in zip(calmer, busier, strict=True))


def test_an_idle_server_answers_in_its_service_time() -> None:
    assert latency_percentiles(Queue(rate_per_s=0.0, batch_s=(3e-3, 4e-3)), PERCENTILES) == (3e-3, 3e-3, 3e-3)


def test_a_queue_at_its_limit_has_no_percentiles() -> None:
    with pytest.raises(ValueError, match="limit"):
        latency_percentiles(Queue(rate_per_s=1000, batch_s=(1e-3,)), PERCENTILES)
