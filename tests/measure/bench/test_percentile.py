"""Confidence intervals against the binomial distribution of scipy, and against simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from infractl.measure.bench.arrival import Arrivals, due_times
from infractl.measure.bench.percentile import least_samples, quantile_interval, ranks
from infractl.measure.bench.rate import rate_interval
from infractl.measure.bench.reading import arrivals_needed


@pytest.mark.parametrize("share", [0.5, 0.9, 0.95, 0.99, 0.999])
def test_the_fewest_samples_are_those_whose_extremes_enclose_the_quantile(share: float) -> None:
    count = least_samples(share)

    assert share**count <= 0.025 < share ** (count - 1)


@pytest.mark.parametrize(
    ("count", "share"), [(10, 0.5), (100, 0.5), (20_000, 0.5), (100, 0.95), (1000, 0.95), (1000, 0.99), (20_000, 0.99)]
)
def test_the_ranks_enclose_the_quantile_as_often_as_they_say(count: int, share: float) -> None:
    low, high = ranks(count, share)

    # The sample of rank r is at most the quantile where at least r of all samples are: a binomial number.
    missed_below = stats.binom.cdf(low - 1, count, share)
    missed_above = stats.binom.sf(high - 1, count, share)
    assert missed_below <= 0.025 + 1e-9 and missed_above <= 0.025 + 1e-9
    assert low <= np.ceil(share * count) <= high


def test_of_many_runs_nineteen_of_twenty_hold_the_true_percentile() -> None:
    random = np.random.default_rng(3)
    truth = stats.expon.ppf(0.99)

    held = [
        interval.low <= truth <= interval.high
        for _ in range(400)
        if (interval := quantile_interval(random.exponential(size=2000), 0.99))
    ]

    assert len(held) == 400
    assert np.mean(held) >= stats.binom.ppf(0.001, 400, 0.95) / 400


def test_slow_requests_in_one_stretch_make_the_interval_wider() -> None:
    random = np.random.default_rng(5)
    apart = random.exponential(size=4000)
    together = np.sort(apart)

    lone, clustered = quantile_interval(apart, 0.95), quantile_interval(together, 0.95)

    assert lone is not None and clustered is not None
    assert clustered.value == lone.value
    assert clustered.high - clustered.low > 2 * (lone.high - lone.low)


def test_a_request_that_failed_was_slower_than_all_others() -> None:
    samples = np.array([0.001] * 990 + [np.inf] * 10)

    assert quantile_interval(samples, 0.5) is not None
    assert quantile_interval(samples, 0.99) is None


def test_poisson_arrivals_are_exponential_and_the_same_for_a_seed() -> None:
    due_s = due_times(Arrivals.poisson, 200.0, 50.0, seed=4)

    assert due_s == due_times(Arrivals.poisson, 200.0, 50.0, seed=4)
    assert stats.kstest(np.diff(due_s), "expon", args=(0, 1 / 200)).pvalue > 0.001
    assert due_times(Arrivals.constant, 100.0, 0.05, seed=4) == [0.0, 0.01, 0.02, 0.03, 0.04]


@pytest.mark.parametrize("share", [0.5, 0.95, 0.99, 0.999])
def test_of_the_arrivals_that_a_quantile_needs_too_few_hardly_ever_come(share: float) -> None:
    assert stats.poisson.cdf(least_samples(share) - 1, arrivals_needed(share)) < 1e-4
    assert arrivals_needed(share) <= 1.25 * least_samples(share) + 20


def test_an_even_rate_is_certain_and_an_uneven_one_is_not() -> None:
    even = rate_interval(np.arange(0.0, 10.0, 0.001), 0.0, 10.0)
    uneven = rate_interval(np.concatenate([np.arange(0.0, 5.0, 0.001), np.arange(5.0, 10.0, 0.002)]), 0.0, 10.0)

    assert even is not None and uneven is not None
    assert even.value == pytest.approx(1000, rel=0.01) and uneven.value == pytest.approx(750, rel=0.01)
    assert even.high - even.low < 0.02 * even.value < uneven.high - uneven.low
