"""Cold starts against a simulation of instances that are kept alive and reused; latency and usage against their definitions."""

from __future__ import annotations

import math
from random import Random

import pytest

from infractl.placement.serverless import (
    TRUSTED_RATE_PER_S,
    busy,
    cold_share,
    latency_s,
    usage,
)

KEEP_ALIVE_S = 600.0


def played(rate: float, service: float, requests: int, seed: int) -> float:
    """The share of requests that start an instance, where each takes the first free one in a fixed order."""
    source, now, cold = Random(seed), 0.0, 0
    free: list[float] = []
    for _ in range(requests):
        now += source.expovariate(rate)
        place = next((place for place, since in enumerate(free) if since <= now), None)
        if place is None:
            cold += 1
            free.append(now + service)
        else:
            cold += now > free[place] + KEEP_ALIVE_S
            free[place] = now + service
    return cold / requests


@pytest.mark.parametrize("rate", [0.003, 0.01, 0.03, 0.1, 0.3])
@pytest.mark.parametrize("service", [0.2, 2.0])
def test_cold_starts_are_as_frequent_as_when_they_are_played(rate: float, service: float) -> None:
    requests = 150_000
    simulated = played(rate, service, requests, seed=1)

    computed = cold_share(rate, service, KEEP_ALIVE_S)

    noise = 3 * math.sqrt(simulated / requests)
    stated = 0.2 if (rate, service) == (TRUSTED_RATE_PER_S, 2.0) else 0.1
    assert abs(computed - simulated) <= stated * simulated + noise


def test_at_a_high_rate_hardly_any_request_is_cold_whatever_the_formula_misses() -> None:
    assert played(5.0, 0.2, 200_000, seed=1) < 0.0006
    assert cold_share(5.0, 0.2, KEEP_ALIVE_S) < 0.0006


def test_a_service_that_is_never_called_is_always_cold() -> None:
    assert cold_share(0.0, 0.2, KEEP_ALIVE_S) == 1.0
    assert cold_share(1e-7, 0.2, KEEP_ALIVE_S) == pytest.approx(1.0, abs=1e-3)


def test_it_is_the_second_instance_that_is_cold_where_the_first_never_is() -> None:
    """The share of pauses longer than the keep-alive, exp(-rate · T), says that none is cold."""
    assert math.exp(-0.03 * KEEP_ALIVE_S) < 1e-7
    assert cold_share(0.03, 2.0, KEEP_ALIVE_S) > 0.02


def test_many_erlang_end() -> None:
    assert 0 <= cold_share(5_000.0, 1.0, KEEP_ALIVE_S) < 1e-3


def test_a_percentile_is_a_cold_one_as_soon_as_more_requests_are_cold_than_are_later() -> None:
    warm = {50: 0.1, 95: 0.2, 99: 0.3}

    some, more = latency_s(warm, 0.005, 4.0), latency_s(warm, 0.02, 4.0)

    assert some[99] < 1.0
    assert more[95] < 1.0
    assert 4.0 < more[99] <= 4.3


def test_without_cold_starts_latency_is_the_warm_one() -> None:
    warm = {50: 0.1, 95: 0.2, 99: 0.3}

    assert latency_s(warm, 0.0, 4.0) == pytest.approx(warm)


def test_the_mixture_is_that_of_drawn_requests() -> None:
    """Warm latencies that fall exponentially from 0.1 s on: what lies between and beyond the given percentiles is exact then."""
    source = Random(0)
    start, cold, decay = 2.0, 0.03, 0.05
    warm = {p: 0.1 + decay * math.log(0.5 / (1 - p / 100)) for p in (50, 95, 99)}
    drawn = sorted(
        0.1 + max(0.0, source.expovariate(1 / decay) - decay * math.log(2)) + (start if source.random() < cold else 0.0)
        for _ in range(200_000)
    )

    for percentile, latency in latency_s(warm, cold, start).items():
        assert latency == pytest.approx(drawn[int(percentile / 100 * len(drawn))], rel=0.02)


def test_a_service_of_fixed_time_has_two_latencies() -> None:
    assert latency_s({50: 0.1, 95: 0.1, 99: 0.1}, 0.02, 4.0) == pytest.approx({50: 0.1, 95: 0.1, 99: 4.1})


def test_what_is_used_is_paid_for_warm_and_cold_seconds() -> None:
    used = usage(1_000_000, 0.2, 0.01, 5.0, memory_bytes=2 * 2**30, cores=1.2)

    assert used.requests == 1_000_000
    assert used.seconds == pytest.approx(1_000_000 * 0.25)
    assert used.gigabyte_seconds == pytest.approx(500_000)
    assert used.core_seconds == pytest.approx(300_000)


@pytest.mark.parametrize("offered", [0.3, 7.0, 120.0, 480.0, 520.0, 4_000.0])
def test_no_more_run_at_once_but_for_a_hundredth_of_the_time(offered: float) -> None:
    most = busy(offered, 1.0, 99.0)

    def at_most(count: int) -> float:
        return math.fsum(math.exp(k * math.log(offered) - offered - math.lgamma(k + 1)) for k in range(count + 1))

    assert at_most(most) == pytest.approx(0.99, abs=0.01 if offered < 10 else 0.004)
    assert at_most(most + 1) >= 0.99
