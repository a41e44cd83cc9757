"""Whether what was measured keeps a promise: the one rule by which plans and status judge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from infractl.domain.figure import Figure
from infractl.domain.measurement import Measurement

_SAME_RATE = 1.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A promise was `kept` or broken, by this figure of this measurement."""

    kept: bool
    figure: Figure
    measurement: Measurement


def up_to(rate_per_s: float, other_per_s: float) -> bool:
    """Whether a rate is no higher than another, as far as rates can be told apart."""
    return rate_per_s <= _SAME_RATE * other_per_s


def same_rate(one_per_s: float, other_per_s: float) -> bool:
    return up_to(one_per_s, other_per_s) and up_to(other_per_s, one_per_s)


def latency_verdict(measurements: Sequence[Measurement], percentile: int, limit_s: float, rate_per_s: float) -> Verdict | None:
    """Of a limit at a rate (0: one request at a time), by the newest of the `measurements` that says; they come newest first.

    A limit is broken where it surely is: the whole of an interval is beyond it, at this rate or a lower one, and the figure is
    no bound. It is kept where the figure is within it, at this rate or a higher one.
    """
    for measurement in measurements:
        for at_per_s, name in _latencies(measurement, percentile):
            figure = measurement.figures[name]
            if figure.low > limit_s and up_to(at_per_s, rate_per_s) and not measurement.is_bound(name):
                return Verdict(kept=False, figure=figure, measurement=measurement)
            if figure.value <= limit_s and up_to(rate_per_s, at_per_s):
                return Verdict(kept=True, figure=figure, measurement=measurement)
    return None


def rate_verdict(measurements: Sequence[Measurement], limits_s: Mapping[int, float], rate_per_s: float) -> Verdict | None:
    """Of a rate within these limits, likewise: the capacity, and the saturation as that without limits.

    What falls short of the rate within looser limits does so within these; what reaches it within stricter ones does so as well.
    """
    for measurement in measurements:
        for name, within_s in (("capacity", measurement.limits_s), ("saturation", {})):
            figure = measurement.figures.get(name)
            if figure is None:
                continue
            if figure.high < rate_per_s and not measurement.is_bound(name) and _as_strict(limits_s, within_s):
                return Verdict(kept=False, figure=figure, measurement=measurement)
            if figure.low >= rate_per_s and _as_strict(within_s, limits_s):
                return Verdict(kept=True, figure=figure, measurement=measurement)
    return None


def _as_strict(limits_s: Mapping[int, float], others_s: Mapping[int, float]) -> bool:
    return all(percentile in limits_s and limits_s[percentile] <= limit_s for percentile, limit_s in others_s.items())


def _latencies(measurement: Measurement, percentile: int) -> Iterator[tuple[float, str]]:
    """The rates at which the percentile was measured, and the figures' names."""
    for at_per_s, name in ((measurement.rate_per_s, f"p{percentile}"), (0.0, f"alone_p{percentile}")):
        if name in measurement.figures:
            yield at_per_s, name
