"""How many rows a limit needs: exact probabilities that a candidate passes, summed over everything that could be counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from infractl.optimizer.gate.binomial import pmf
from infractl.optimizer.gate.tango import least_rows, proves

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

POWER = 0.8
"""The usual chance, one that is named, with which a candidate that is good enough shall pass."""
MOST_ROWS = 1_000_000
_SPREAD = 7.0
"""Standard deviations of counts that are summed: what lies beyond has a probability under 1e-11."""
_SMOOTH_ROWS = 5_000
"""From here on one more row changes the power so little that it no longer goes down now and then."""


def paired_power(rows: int, disagreement: float, drop: float, margin: float, alpha: float) -> float:
    """The probability that Tango's bound stays within `margin`, for a true drop and a true share of rows answered differently.

    `disagreement` counts rows that exactly one of the two models has right: at least as many as the drop, at most all.
    """
    import numpy as np

    differing = _likely(rows, disagreement)
    worse_share = (disagreement + drop) / (2 * disagreement) if disagreement > 0 else 0.0
    most_worse = _most_that_pass(differing, rows, margin, alpha)
    half_width = int(_SPREAD * np.sqrt(differing[-1]) / 2) + 5
    worse = np.rint(differing * worse_share).astype(np.int64)[:, None] + np.arange(-half_width, half_width + 1)
    chances = pmf(worse, differing[:, None], worse_share) * (worse <= most_worse[:, None])
    return float((pmf(differing, rows, disagreement) * chances.sum(axis=1)).sum())


def _likely(trials: int, chance: float) -> Ints:
    import numpy as np

    mean, spread = trials * chance, _SPREAD * (trials * chance * (1 - chance)) ** 0.5 + 10
    return np.arange(max(0, int(mean - spread)), min(trials, int(mean + spread)) + 1)


def _most_that_pass(differing: Ints, rows: int, margin: float, alpha: float) -> Ints:
    """Of so many differing rows, how many may be worse; -1 where even none does not pass."""
    import numpy as np

    low, high = np.full(differing.shape, -1), differing.copy()
    while (low < high).any():
        middle = (low + high + 1) // 2
        passing = proves(middle.astype(np.float64), (differing - middle).astype(np.float64), rows, margin, alpha)
        low, high = np.where(passing, middle, low), np.where(passing, high, middle - 1)
    return low


def agreement_power(rows: int, disagreement: float, margin: float, alpha: float) -> float:
    """The probability that Clopper and Pearson's bound on the share of different answers stays within `margin`."""
    import numpy as np

    counts = np.arange(int(margin * rows) + 1)
    passing = np.cumsum(pmf(counts, rows, margin)) <= alpha
    return float((pmf(counts, rows, disagreement) * passing).sum())


def rows_needed(disagreement: float, drop: float, margin: float, alpha: float) -> int | None:
    """Rows from which a candidate passes with a probability of `POWER` at least, were it so good; None where no number does.

    Or where it is more than `MOST_ROWS`.
    """
    least = least_rows(margin, alpha)
    if least is None or drop >= margin:
        return None
    share = max(disagreement, abs(drop))
    return _first(lambda rows: paired_power(rows, share, drop, margin, alpha), least, margin)


def agreement_rows_needed(disagreement: float, margin: float, alpha: float) -> int | None:
    """The same for the share of answers that are the given model's."""
    least = least_agreement_rows(margin, alpha)
    if least is None or disagreement >= margin:
        return None
    return _first(lambda rows: agreement_power(rows, disagreement, margin, alpha), least, margin)


def least_agreement_rows(margin: float, alpha: float) -> int | None:
    """Rows that prove it where all answers agree: (1 - margin)^n <= alpha. None where no number does."""
    import math

    if margin <= 0:
        return None
    return 1 if margin >= 1 else max(1, math.ceil(math.log(alpha) / math.log1p(-margin)))


def _first(power: Callable[[int], float], least: int, margin: float) -> int | None:
    """The first number of rows from which the power does not fall below `POWER` again.

    It grows like a saw, because counts are whole: after a bisection the next teeth are looked at one by one.
    """
    low, high = least - 1, least
    while power(high) < POWER:
        low, high = high, high * 2
        if high > MOST_ROWS:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power(middle) >= POWER else (middle, high)
    if high > _SMOOTH_ROWS:
        return high
    step = 1 + high // 2000
    end = high + int(1.5 / margin) + 2
    short = [rows for rows in range(high, end, step) if power(rows) < POWER]
    return short[-1] + step if short else high
