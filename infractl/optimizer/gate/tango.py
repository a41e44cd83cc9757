"""Bounds on how much worse one of two classifiers is, from rows that both answered.

The score interval of T. Tango, "Equivalence test and confidence interval for the difference in proportions for the paired-sample
design", Statistics in Medicine 17 (1998), 891-908. Wald's interval is of no use here: without a disagreement its width is zero.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_HALVINGS = 60


def z_of(alpha: float) -> float:
    """The standard normal value that is exceeded with probability `alpha`."""
    return NormalDist().inv_cdf(1 - alpha)


def score(worse: Floats, better: Floats, rows: Floats | float, difference: Floats | float) -> Floats:
    """How many standard errors the observed difference lies above `difference` (within -1 and 1), were that the true one.

    `worse` counts rows that the given model has right and the candidate wrong, `better` the reverse. The standard error holds the
    most likely share of `better` rows under that difference.
    """
    import numpy as np

    a = 2.0 * rows
    b = -worse - better + (2 * rows - worse + better) * difference
    c = -better * difference * (1 - difference)
    share = (np.sqrt(np.maximum(b * b - 4 * a * c, 0)) - b) / (2 * a)
    variance = np.maximum(rows * (2 * share + difference * (1 - difference)), 0)
    excess = worse - better - rows * difference
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(variance > 0, excess / np.sqrt(variance), np.where(excess == 0, 0.0, np.copysign(np.inf, excess)))


def upper_bound(worse: int, better: int, rows: int, alpha: float) -> float:
    """The largest drop that the counts don't speak against at the one-sided level `alpha`."""
    return float(upper_bounds(_floats(worse), _floats(better), rows, alpha)[0])


def lower_bound(worse: int, better: int, rows: int, alpha: float) -> float:
    """The smallest drop that the counts don't speak against: the reverse comparison's bound."""
    return -upper_bound(better, worse, rows, alpha)


def upper_bounds(worse: Floats, better: Floats, rows: int, alpha: float) -> Floats:
    """`upper_bound` for many counts at once, by bisection between the observed drop and 1."""
    import numpy as np

    z = z_of(alpha)
    low = (worse - better) / rows
    high = np.ones_like(low)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        beyond = score(worse, better, float(rows), middle) <= -z
        low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
    return high


def proves(worse: Floats, better: Floats, rows: int, margin: float, alpha: float) -> NDArray[np.bool_]:
    """Whether the upper bound is at most `margin`: the score there says it without a search."""
    return score(worse, better, float(rows), margin) <= -z_of(alpha)


def least_rows(margin: float, alpha: float) -> int | None:
    """Rows below which no result proves `margin`, not even one without a disagreement; None where no number does.

    Without one the bound is z^2 / (n + z^2).
    """
    if margin <= 0:
        return None
    z = z_of(alpha)
    return max(1, math.ceil(z * z * (1 - margin) / margin))


def _floats(count: int) -> Floats:
    import numpy as np

    return np.array([count], np.float64)
