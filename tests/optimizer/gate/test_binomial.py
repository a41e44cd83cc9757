"""Binomial probabilities and Clopper and Pearson's interval against SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from infractl.optimizer.gate.binomial import lower_share, pmf, upper_share


@pytest.mark.parametrize("chance", [0.0, 0.003, 0.5, 0.98, 1.0])
@pytest.mark.parametrize("trials", [1, 40, 3000])
def test_probabilities_are_scipys(trials: int, chance: float) -> None:
    counts = np.arange(-2, trials + 3)

    assert pmf(counts, trials, chance) == pytest.approx(stats.binom.pmf(counts, trials, chance), abs=1e-9)


@pytest.mark.parametrize(("successes", "trials"), [(0, 30), (1, 30), (29, 30), (30, 30), (17, 2500)])
@pytest.mark.parametrize("alpha", [0.05, 0.05 / 3])
def test_the_interval_is_the_beta_distributions(successes: int, trials: int, alpha: float) -> None:
    upper = 1.0 if successes == trials else stats.beta.ppf(1 - alpha, successes + 1, trials - successes)
    lower = 0.0 if successes == 0 else stats.beta.ppf(alpha, successes, trials - successes + 1)

    assert upper_share(successes, trials, alpha) == pytest.approx(upper, abs=1e-9)
    assert lower_share(successes, trials, alpha) == pytest.approx(lower, abs=1e-9)
