"""A metric of one model's answers as a function of the rows' weights, so that it is computed of many resamples at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from infractl.tensors import Tensor

Floats: TypeAlias = "NDArray[np.float64]"
Statistic: TypeAlias = "Callable[[Floats], Floats]"
"""From weights [resamples, rows] to the metric's values [resamples]."""


def mean(values: Floats) -> Statistic:
    """The weighted mean of one value a row."""
    return lambda weights: weights @ values / weights.sum(axis=1)


def root_mean(squares: Floats) -> Statistic:
    """The root of the weighted mean of one square a row."""
    import numpy as np

    of_squares = mean(squares)
    return lambda weights: np.asarray(np.sqrt(of_squares(weights)))


def f1(predicted: Tensor, labels: Tensor, positive: object | None = None) -> Statistic:
    """F1 of the class `positive`; without one the mean over all classes that are labelled or predicted, as scikit-learn's macro.

    F1 of a class is 2 TP / (2 TP + FP + FN). A class that a resample has neither as a label nor as an answer counts in none.
    """
    import numpy as np

    kinds = [positive] if positive is not None else np.union1d(np.unique(labels), np.unique(predicted))
    labelled = np.stack([labels == kind for kind in kinds], axis=1).astype(np.float64)
    answered = np.stack([predicted == kind for kind in kinds], axis=1).astype(np.float64)
    both = labelled * answered

    def value(weights: Floats) -> Floats:
        total = weights @ (labelled + answered)
        with np.errstate(divide="ignore", invalid="ignore"):
            by_class = np.where(total > 0, 2 * (weights @ both) / total, np.nan)
        there = ~np.isnan(by_class)
        return np.asarray(np.nansum(by_class, axis=1) / np.maximum(there.sum(axis=1), 1))

    return value


def auroc(scores: Floats, positives: Floats) -> Statistic:
    """The probability that a positive row scores above a negative one, ties as half, averaged over the columns.

    `scores` and `positives` are [rows, columns]: one column for two classes, else one a class against all others. A column that a
    resample has no positive or no negative row for counts in none.
    """
    import numpy as np

    columns = [_ranked(scores[:, i], positives[:, i]) for i in range(scores.shape[1])]

    def value(weights: Floats) -> Floats:
        by_column = np.stack([column(weights) for column in columns], axis=1)
        there = ~np.isnan(by_column)
        return np.asarray(np.nansum(by_column, axis=1) / np.maximum(there.sum(axis=1), 1))

    return value


def _ranked(scores: Floats, positive: Floats) -> Statistic:
    """Mann and Whitney's statistic; NaN without a positive or a negative row."""
    import numpy as np

    order = np.argsort(scores, kind="stable")
    ranked, is_positive = scores[order], positive[order] > 0
    # For each positive row: the first row of the same score, and the first of a higher one.
    first, beyond = (np.searchsorted(ranked, ranked[is_positive], side=side) for side in ("left", "right"))

    def value(weights: Floats) -> Floats:
        by_rank = weights[:, order]
        positives = by_rank[:, is_positive]
        below = np.zeros((len(weights), len(order) + 1))
        np.cumsum(np.where(is_positive, 0.0, by_rank), axis=1, out=below[:, 1:])
        pairs = positives.sum(axis=1) * below[:, -1]
        wins = (positives * (below[:, first] + below[:, beyond])).sum(axis=1) / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(pairs > 0, wins / pairs, np.nan))

    return value


def placements(scores: Floats, positives: Floats) -> Floats:
    """What each row contributes to AUROC, [rows]: the share of the other side that it beats, divided by its own side's size.

    Summed over the columns. E. DeLong, D. DeLong and D. Clarke-Pearson, Biometrics 44 (1988), 837-845, call it so.
    """
    import numpy as np

    total = np.zeros(len(scores))
    for column, is_positive in zip(scores.T, positives.T > 0, strict=True):
        high, low = column[is_positive], column[~is_positive]
        if len(high) and len(low):
            total[is_positive] += _share_below(np.sort(low), high) / len(high)
            total[~is_positive] += _share_below(np.sort(-high), -low) / len(low)
    return total


def _share_below(ordered: Floats, values: Floats) -> Floats:
    import numpy as np

    return (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")) / (2 * len(ordered))


def at_all(statistic: Statistic, rows: int) -> float:
    """The metric with every row counted once, and without the row more."""
    import numpy as np

    weights = np.ones((1, rows + 1))
    weights[0, -1] = 0
    return float(statistic(weights)[0])


def hits(best: Tensor, labels: Sequence[int] | Tensor) -> Floats:
    """1 where the label is among the best answers, [rows, k], of its row."""
    import numpy as np

    return np.asarray((best == np.asarray(labels)[:, None]).any(axis=1), np.float64)
