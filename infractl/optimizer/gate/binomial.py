"""Exact binomial probabilities, and the interval of Clopper and Pearson (Biometrika 26, 1934, 404-413)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_HALVINGS = 60


def log_factorials(most: int) -> Floats:
    """log(k!) for k from 0 to at least `most`. Kept for the next call."""
    size = 1024
    while size < most:
        size *= 2
    return _log_factorials(size)


@lru_cache(maxsize=4)
def _log_factorials(most: int) -> Floats:
    import numpy as np

    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, most + 1)))])


def pmf(successes: Ints, trials: Ints | int, chance: float) -> Floats:
    """Probability of so many successes, element by element; 0 where there are fewer than none or more than trials."""
    import numpy as np

    trials = np.asarray(trials)
    possible = (successes >= 0) & (successes <= trials)
    if chance <= 0 or chance >= 1:
        return np.where(successes == (0 if chance <= 0 else trials), 1.0, 0.0)
    k = np.clip(successes, 0, trials)
    table = log_factorials(int(trials.max(initial=0)))
    logs = table[trials] - table[k] - table[trials - k] + k * np.log(chance) + (trials - k) * np.log1p(-chance)
    return np.where(possible, np.exp(logs), 0.0)


def upper_share(successes: int, trials: int, alpha: float) -> float:
    """The largest true share under which so few successes still have a probability of `alpha`."""
    import numpy as np

    if successes >= trials:
        return 1.0
    counts = np.arange(successes + 1)
    low, high = successes / trials, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        rarer = pmf(counts, trials, middle).sum() < alpha
        low, high = (low, middle) if rarer else (middle, high)
    return high


def lower_share(successes: int, trials: int, alpha: float) -> float:
    """The smallest true share under which so many successes still have a probability of `alpha`."""
    return 1 - upper_share(trials - successes, trials, alpha)
