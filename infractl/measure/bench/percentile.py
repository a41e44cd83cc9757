"""Percentiles of latencies with confidence intervals that assume no distribution.

Every sample is kept, so a percentile is a sample and not a bucket of a histogram. The interval of a quantile lies between two
order statistics, whose ranks follow from the binomial distribution (Conover, Practical Nonparametric Statistics, 3rd ed. 1999,
3.2; David and Nagaraja, Order Statistics, 3rd ed. 2003, 7.1). It holds for independent samples. Requests that met in a queue
are not: a slow one has slow neighbours. So the samples count as fewer than they are, by how much more the share of slow ones
varies from one stretch of the run to the next than it would if they were independent (Heidelberger and Lewis, Quantile
Estimation in Dependent Sequences, Operations Research 32(1), 1984; batch means).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CONFIDENCE = 0.95
"""That an interval holds the true value: both ends together miss it once in 20 times."""

STRETCHES = 20
"""Into so many the run is cut, to see how its slow requests cluster."""

_LEAST_IN_STRETCH = 20


@dataclass(frozen=True, slots=True)
class Interval:
    """A quantile as it was seen, with the ends between which the true one is; seconds."""

    value: float
    low: float
    high: float


def least_samples(share: float) -> int:
    """The fewest samples whose smallest and largest enclose the quantile `share` with `CONFIDENCE`.

    All n lie below it with the probability share ** n, and all above with (1 - share) ** n; neither may exceed half of what
    is left of the confidence.
    """
    extreme = max(share, 1 - share)
    return math.ceil(math.log((1 - CONFIDENCE) / 2) / math.log(extreme))


def quantile_interval(samples: NDArray[np.float64], share: float) -> Interval | None:
    """The quantile `share` of samples in the order of time; None where they are too few, or where its upper end never came.

    What failed is an infinite sample: it was slower than all others.
    """
    import numpy as np

    count = len(samples)
    if count < least_samples(share):
        return None
    ordered = np.sort(samples)
    low, high = ranks(count, share, clustering(samples, share))
    ends = (float(ordered[rank - 1]) for rank in (math.ceil(share * count), low, high))
    interval = Interval(*ends)
    return interval if math.isfinite(interval.high) else None


def ranks(count: int, share: float, fewer: float = 1.0) -> tuple[int, int]:
    """The ranks (from 1) of the two samples between which the quantile lies, where `count` samples are worth count / fewer.

    With fewer than `least_samples` left, they are the smallest and the largest.
    """
    worth = max(1, int(count / fewer))
    miss = (1 - CONFIDENCE) / 2
    below = 0.0
    low, high = 0, worth + 1
    for successes, probability in _binomial(worth, share):
        below += probability
        if below <= miss:
            low = successes + 1
        if below >= 1 - miss:
            high = successes + 1
            break
    scale = count / worth
    return max(1, math.floor(low * scale)), min(count, math.ceil(high * scale))


def clustering(samples: NDArray[np.float64], share: float) -> float:
    """How many of these samples are worth one independent one, as far as the quantile `share` is asked for; at least 1.

    The variance of the share of slow ones among stretches, over that of independent ones.
    """
    import numpy as np

    size = len(samples) // STRETCHES
    if size < _LEAST_IN_STRETCH:
        return 1.0
    slow = samples > np.quantile(samples, share, method="inverted_cdf")
    means = slow[: size * STRETCHES].reshape(STRETCHES, size).mean(axis=1)
    independent = share * (1 - share) / size
    return max(1.0, float(means.var(ddof=1)) / independent)


def _binomial(trials: int, share: float) -> Iterable[tuple[int, float]]:
    """How probable each number of successes is, over the range where it can be told from 0."""
    reach = 12 * math.sqrt(trials * share * (1 - share)) + 12
    first, last = max(0, math.floor(trials * share - reach)), min(trials, math.ceil(trials * share + reach))
    odds = share / (1 - share)
    probability = math.exp(
        math.lgamma(trials + 1)
        - math.lgamma(first + 1)
        - math.lgamma(trials - first + 1)
        + first * math.log(share)
        + (trials - first) * math.log(1 - share)
    )
    for successes in range(first, last + 1):
        yield successes, probability
        probability *= (trials - successes) / (successes + 1) * odds
