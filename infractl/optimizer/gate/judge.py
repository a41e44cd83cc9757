"""Whether a candidate is proven to be no more worse than the gate allows, on rows that no pass and no search has seen."""

from __future__ import annotations

from infractl.domain.metric import Metric
from infractl.domain.optimization import AccuracyVerdict
from infractl.errors import DataError
from infractl.optimizer.gate import binomial, bootstrap, tango
from infractl.optimizer.gate.compare import Answers, paired_hits, paired_statistics, same_class
from infractl.optimizer.gate.finding import Finding, Floor, verdict
from infractl.optimizer.gate.gate import Gate
from infractl.optimizer.gate.power import POWER, agreement_rows_needed, rows_needed
from infractl.optimizer.gate.statistic import Floats, at_all
from infractl.tensors import Tensor

_MOST_TIMES_WORSE = 1e6
"""Stands for infinity, which no document can hold."""


def judge(gate: Gate, given: Answers, candidate: Answers, labels: Tensor | None) -> AccuracyVerdict:
    """Compare both models' answers to the same rows, output by output [rows, ...].

    Raises DataError where there are no labels for a metric that needs them, or outputs and labels are not what it compares.
    """
    if gate.metric is Metric.agreement:
        return verdict(gate, _agreement(gate, given, candidate))
    if labels is None:
        raise DataError.of(
            "gate-unlabelled",
            summary="this metric compares answers with labels, and the data has none",
            detail=f"the metric is {gate.metric}",
            remedy="say which array or column holds the labels, or ask for agreement with the given model",
        )
    if gate.metric in (Metric.accuracy, Metric.top_k):
        return verdict(gate, _hits(gate, given, candidate, labels))
    return verdict(gate, _resampled(gate, given, candidate, labels))


def _agreement(gate: Gate, given: Answers, candidate: Answers) -> Finding:
    same = same_class(gate, given, candidate)
    rows, different = len(same), int((~same).sum())
    least = gate.least_rows
    short = least is not None and rows < least
    assumed = 0.0 if short and different >= gate.max_drop * rows else different / rows
    return Finding(
        given=1.0,
        candidate=1 - different / rows,
        drop=different / rows,
        lower=binomial.lower_share(different, rows, gate.alpha),
        upper=binomial.upper_share(different, rows, gate.alpha),
        rows=rows,
        least=least,
        needed=lambda: agreement_rows_needed(assumed, gate.max_drop, gate.alpha),
        floor=_share_floor(gate, rows - different, rows),
    )


def _hits(gate: Gate, given: Answers, candidate: Answers, labels: Tensor) -> Finding:
    """Accuracy and top-k: Tango's bound on how many more rows are wrong."""
    right = paired_hits(gate, given, candidate, labels)
    rows = len(right.given)
    worse = int((right.given & ~right.candidate).sum())
    better = int((right.candidate & ~right.given).sum())
    drop = (worse - better) / rows
    # What could be asked of more rows is that there is no drop: one that is over the limit cannot be proven away.
    assumed = drop if 0 < drop < gate.max_drop else 0.0
    return Finding(
        given=float(right.given.mean()),
        candidate=float(right.candidate.mean()),
        drop=drop,
        lower=tango.lower_bound(worse, better, rows, gate.alpha),
        upper=tango.upper_bound(worse, better, rows, gate.alpha),
        rows=rows,
        least=gate.least_rows,
        needed=lambda: rows_needed((worse + better) / rows, assumed, gate.max_drop, gate.alpha),
        floor=_share_floor(gate, int(right.candidate.sum()), rows),
    )


def _share_floor(gate: Gate, right: int, rows: int) -> Floor | None:
    if gate.minimum is None:
        return None
    allowed = 1 - gate.minimum
    return Floor(
        limit=gate.minimum,
        value=right / rows,
        bound=binomial.lower_share(right, rows, gate.alpha),
        needed=lambda: agreement_rows_needed(1 - right / rows, allowed, gate.alpha),
    )


def _resampled(gate: Gate, given: Answers, candidate: Answers, labels: Tensor) -> Finding:
    """F1, AUROC, RMSE and MAE: the quantile of the change over resamples."""
    statistics = paired_statistics(gate, given, candidate, labels)
    rows = len(labels)
    before, after = at_all(statistics.given, rows), at_all(statistics.candidate, rows)
    drawn = bootstrap.resample(statistics.given, statistics.candidate, rows)
    drops = _drops(gate, drawn.given, drawn.candidate)
    drop = float(_drops(gate, _one(before), _one(after))[0])
    return Finding(
        given=before,
        candidate=after,
        drop=drop,
        lower=bootstrap.lower(drops, gate.alpha),
        upper=bootstrap.upper(drops, gate.alpha),
        rows=rows,
        least=gate.least_rows,
        needed=lambda: _rows_for(gate, rows, float(drops.std()), max(drop, 0.0), gate.max_drop),
        floor=_drawn_floor(gate, after, drawn.candidate, rows),
        note=statistics.note,
    )


def _drops(gate: Gate, given: Floats, candidate: Floats) -> Floats:
    """How much worse: the difference, of errors as a share of the given model's, of which a resample may have none."""
    import numpy as np

    if not gate.metric.is_an_error:
        return given - candidate
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(candidate == given, 0.0, np.minimum((candidate - given) / given, _MOST_TIMES_WORSE))


def _one(value: float) -> Floats:
    import numpy as np

    return np.array([value])


def _drawn_floor(gate: Gate, value: float, drawn: Floats, rows: int) -> Floor | None:
    limit = gate.maximum if gate.metric.is_an_error else gate.minimum
    if limit is None:
        return None
    bound = bootstrap.upper(drawn, gate.alpha) if gate.metric.is_an_error else bootstrap.lower(drawn, gate.alpha)
    spread, away = float(drawn.std()), abs(limit - value)
    return Floor(limit=limit, value=value, bound=bound, needed=lambda: _rows_for(gate, rows, spread, 0.0, away))


def _rows_for(gate: Gate, rows: int, spread: float, drop: float, margin: float) -> int | None:
    """Rows for a power of `POWER` by the normal approximation, from the spread that so many rows have."""
    import math

    if drop >= margin or not math.isfinite(spread):
        return None
    standard_errors = tango.z_of(gate.alpha) + tango.z_of(1 - POWER)
    return max(
        tango.least_rows(gate.max_drop, gate.alpha) or 1, math.ceil(rows * (standard_errors * spread / (margin - drop)) ** 2)
    )
