"""Tango's bound against the likelihood itself, maximized by search, and against what it must be without a disagreement."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from infractl.optimizer.gate.tango import least_rows, lower_bound, proves, upper_bound, upper_bounds


def likeliest_share(worse: int, better: int, rows: int, difference: float) -> float:
    """The share of `better` rows that makes the counts most likely where `worse` is `difference` larger, by golden sections."""

    def log_likelihood(share: float) -> float:
        shares = (share + difference, share, 1 - difference - 2 * share)
        counts = (worse, better, rows - worse - better)
        return sum(count * math.log(max(s, 1e-300)) for count, s in zip(counts, shares, strict=True) if count)

    low, high = max(0.0, -difference), (1 - difference) / 2
    ratio = (math.sqrt(5) - 1) / 2
    for _ in range(120):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (left, high) if log_likelihood(left) < log_likelihood(right) else (low, right)
    return (low + high) / 2


def upper_bound_by_search(worse: int, better: int, rows: int, alpha: float) -> float:
    z = NormalDist().inv_cdf(1 - alpha)
    low, high = (worse - better) / rows, 1 - 1e-9
    for _ in range(60):
        middle = (low + high) / 2
        share = likeliest_share(worse, better, rows, middle)
        deviation = math.sqrt(rows * (2 * share + middle * (1 - middle)))
        low, high = (low, middle) if (worse - better - rows * middle) / deviation <= -z else (middle, high)
    return high


@pytest.mark.parametrize(
    ("worse", "better", "rows", "alpha"),
    [(0, 0, 268, 0.05), (3, 0, 300, 0.05), (0, 4, 300, 0.05), (12, 7, 1000, 0.05), (25, 31, 2500, 0.05 / 3), (40, 2, 90, 0.01)],
)
def test_the_bound_is_where_the_likelihood_says(worse: int, better: int, rows: int, alpha: float) -> None:
    assert upper_bound(worse, better, rows, alpha) == pytest.approx(upper_bound_by_search(worse, better, rows, alpha), abs=1e-6)


@pytest.mark.parametrize("rows", [10, 268, 5000])
def test_without_a_disagreement_rows_alone_decide(rows: int) -> None:
    z = NormalDist().inv_cdf(0.95)

    assert upper_bound(0, 0, rows, 0.05) == pytest.approx(z * z / (rows + z * z))


def test_a_limit_of_one_point_needs_268_rows() -> None:
    assert least_rows(0.01, 0.05) == 268
    assert upper_bound(0, 0, 268, 0.05) <= 0.01 < upper_bound(0, 0, 267, 0.05)


def test_no_number_of_rows_proves_that_there_is_no_drop_at_all() -> None:
    assert least_rows(0.0, 0.05) is None


def test_the_lower_bound_is_the_reverse_comparison() -> None:
    assert lower_bound(30, 5, 1000, 0.05) == -upper_bound(5, 30, 1000, 0.05)
    assert lower_bound(30, 5, 1000, 0.05) < 0.025 < upper_bound(30, 5, 1000, 0.05)


def test_proven_is_what_has_its_bound_within_the_margin() -> None:
    worse, better = (grid.ravel().astype(float) for grid in np.meshgrid(np.arange(40), np.arange(40)))

    bounds = upper_bounds(worse, better, 1000, 0.05)

    assert (proves(worse, better, 1000, 0.01, 0.05) == (bounds <= 0.01)).all()
    assert 0 < (bounds <= 0.01).sum() < len(bounds)
