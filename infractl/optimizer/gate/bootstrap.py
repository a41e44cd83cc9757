"""Bounds of any metric's change, by drawing the same rows again and again for both models.

B. Efron and R. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infractl.optimizer.gate.statistic import Floats, Statistic

if TYPE_CHECKING:
    import numpy as np

RESAMPLES = 2000
_SEED = 20260401
_MOST_CELLS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Resampled:
    """Values of both models' metric on the same resamples."""

    given: Floats
    candidate: Floats


def resample(given: Statistic, candidate: Statistic, rows: int) -> Resampled:
    """`rows` are drawn from one more than so many: see `PairedStatistics`. Always the same draws for so many rows."""
    import numpy as np

    random = np.random.default_rng(_SEED)
    values: list[tuple[Floats, Floats]] = []
    step = max(1, min(RESAMPLES, _MOST_CELLS // rows))
    for start in range(0, RESAMPLES, step):
        weights = _draws(random, min(step, RESAMPLES - start), rows)
        values.append((given(weights), candidate(weights)))
    return Resampled(given=np.concatenate([g for g, _ in values]), candidate=np.concatenate([c for _, c in values]))


def _draws(random: np.random.Generator, resamples: int, rows: int) -> Floats:
    """How often each row is drawn, [resamples, rows + 1]."""
    import numpy as np

    kinds = rows + 1
    drawn = random.integers(kinds, size=(resamples, rows)) + (np.arange(resamples) * kinds)[:, None]
    return np.bincount(drawn.ravel(), minlength=resamples * kinds).reshape(resamples, kinds).astype(np.float64)


def upper(values: Floats, alpha: float) -> float:
    """The value that a share of `alpha` of the resamples exceeds, the next one up where it lies between two."""
    import numpy as np

    return float(np.quantile(values, 1 - alpha, method="higher"))


def lower(values: Floats, alpha: float) -> float:
    import numpy as np

    return float(np.quantile(values, alpha, method="lower"))
