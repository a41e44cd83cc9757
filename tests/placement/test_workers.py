"""Closed forms against the textbook's exact cases, and against a queue that is played."""

from __future__ import annotations

import math
from heapq import heapreplace
from random import Random

import pytest

from infractl.placement.workers import Workers, erlang_b, erlang_c, latency_s, mean_wait_s, wait_s


def played(queue: Workers, requests: int, seed: int) -> list[float]:
    """Waits of a first-come queue with exponential service times."""
    source, now, waits = Random(seed), 0.0, []
    free = [0.0] * queue.workers
    for _ in range(requests):
        now += source.expovariate(queue.rate_per_s)
        begin = max(now, free[0])
        heapreplace(free, begin + source.expovariate(1 / queue.service_s))
        waits.append(begin - now)
    return waits[requests // 10 :]


@pytest.mark.parametrize(("servers", "offered", "share"), [(1, 0.5, 1 / 3), (5, 3.0, 0.1101), (10, 5.0, 0.0184)])
def test_erlang_b_is_that_of_the_tables(servers: int, offered: float, share: float) -> None:
    assert erlang_b(servers, offered) == pytest.approx(share, abs=5e-5)


def test_erlang_b_is_the_share_of_the_truncated_poisson_distribution() -> None:
    terms = [8.0**k / math.factorial(k) for k in range(13)]

    assert erlang_b(12, 8.0) == pytest.approx(terms[-1] / sum(terms))


def test_with_one_worker_erlang_c_is_the_load() -> None:
    assert erlang_c(1, 0.7) == pytest.approx(0.7)


def test_one_worker_with_exponential_service_has_an_exponential_latency() -> None:
    found = latency_s(Workers(rate_per_s=80, service_s=0.01, workers=1, cs2=1.0))

    for percentile, latency in found.items():
        assert latency == pytest.approx(-math.log(1 - percentile / 100) / (100 - 80), rel=1e-3)


def test_one_worker_with_fixed_service_has_the_mean_wait_of_pollaczek_and_khinchine() -> None:
    assert mean_wait_s(Workers(rate_per_s=60, service_s=0.01, workers=1)) == pytest.approx(60 * 0.01**2 / (2 * 0.4))


@pytest.mark.parametrize(("workers", "load"), [(2, 0.6), (4, 0.7), (16, 0.75)])
def test_waits_with_exponential_service_are_those_that_are_played(workers: int, load: float) -> None:
    queue = Workers(rate_per_s=load * workers / 0.01, service_s=0.01, workers=workers, cs2=1.0)

    waits = [wait for seed in range(3) for wait in played(queue, 40_000, seed)]
    at_once = 1 - erlang_c(workers, load * workers)
    for percentile, wait in wait_s(queue).items():
        within = sum(one <= wait for one in waits) / len(waits)
        assert within == pytest.approx(max(percentile / 100, at_once), abs=0.03 if percentile == 50 else 0.012)


def test_a_queue_without_end_waits_without_end() -> None:
    queue = Workers(rate_per_s=400, service_s=0.01, workers=4)

    assert set(latency_s(queue).values()) == {math.inf}
    assert not queue.is_valid


def test_bursts_are_left_to_the_simulation() -> None:
    assert not Workers(rate_per_s=10, service_s=0.01, workers=4, ca2=8.0).is_valid
