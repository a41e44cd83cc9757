"""Percentiles of a simulation, and how sure they are."""

from __future__ import annotations

from statistics import stdev

import pytest

from infractl.domain.language_profile import LanguageProfile
from infractl.domain.precision import Precision
from infractl.hardware.catalogue import chip
from infractl.placement.language.case import Case, case
from infractl.placement.language.fitted import FITTED
from infractl.placement.language.percentile import quantile, simulated_times


@pytest.mark.parametrize(("percentile", "value"), [(50, 5), (95, 10), (99, 10), (10, 1)])
def test_a_percentile_is_the_nearest_rank(percentile: int, value: int) -> None:
    assert quantile([7, 3, 10, 1, 4, 9, 2, 8, 6, 5], percentile) == value


def test_other_arrivals_give_percentiles_that_differ_by_about_the_error(llama: LanguageProfile) -> None:
    found = case(llama, chip("H100-SXM"), 1, Precision.bf16, prompt=1000, output=100, constants=FITTED)
    assert isinstance(found, Case)
    runs = [simulated_times(found.expected, 15.0, (95,), seed).ttft[95] for seed in range(12)]
    error = sum(run.error_s for run in runs) / len(runs)

    assert error / 2.5 < stdev(run.seconds for run in runs) < 2.5 * error
