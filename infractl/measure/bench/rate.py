"""How many answers a second a load got, with the interval that the unevenness of the run leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infractl.measure.bench.percentile import Interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STRETCHES = 10
_STUDENT_T_9 = 2.262
"""Two-sided 95% of Student's t with 9 degrees of freedom."""


def rate_interval(done_s: NDArray[np.float64], begin_s: float, end_s: float) -> Interval | None:
    """Answers a second between `begin_s` and `end_s`; None where there were none.

    The run is cut into ten stretches, whose means are near enough to independent: the method of batch means (Schmeiser, Batch
    Size Effects in the Analysis of Simulation Output, Operations Research 30(3), 1982, who finds ten to thirty enough).
    """
    import numpy as np

    counted = done_s[(done_s >= begin_s) & (done_s < end_s)]
    if end_s <= begin_s or not len(counted):
        return None
    counts, _ = np.histogram(counted, bins=STRETCHES, range=(begin_s, end_s))
    rates = counts * STRETCHES / (end_s - begin_s)
    value = float(rates.mean())
    spread = _STUDENT_T_9 * float(rates.std(ddof=1)) / STRETCHES**0.5
    return Interval(value, max(0.0, value - spread), value + spread)
