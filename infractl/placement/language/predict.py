"""What a server of a language model gives at a rate."""

from __future__ import annotations

from infractl.domain.figure import Basis, Figure
from infractl.domain.language_prediction import LanguagePrediction
from infractl.domain.placement import Violation
from infractl.placement.language.case import Case
from infractl.placement.language.estimate import estimated_times
from infractl.placement.language.percentile import Quantile, Times, simulated_times
from infractl.placement.language.turn import Turn

PERCENTILES = (50, 95, 99)

_EIGHTY = 1.28
"""Standard errors either way that hold four in five."""


def predict_language(of: Case, rate_per_s: float, *, simulated: bool = True) -> LanguagePrediction | Violation:
    """One server at Poisson arrivals of `rate_per_s`; a Violation, `unstable`, where that is more than it can carry.

    `simulated` takes some tenths of a second; without it closed forms take less than a millisecond. Where only the slow end
    cannot carry the rate, the high ends are of a queue that grows as long as the simulation lasts: `capacity_per_s.low` tells.
    """
    capacity = of.rate(Turn.capacity_per_s)
    if rate_per_s >= capacity.value:
        same = {"value": rate_per_s, "low": rate_per_s, "high": rate_per_s}
        need = Figure(**same, unit="1/s", basis=Basis.declared, source="the rate asked for")
        return Violation(code="unstable", need=need, have=capacity)
    ttft, tpot, latency = _figures(of, rate_per_s, simulated)
    return LanguagePrediction(
        rate_per_s=rate_per_s,
        ttft_s=ttft,
        tpot_s=tpot,
        latency_s=latency,
        capacity_per_s=capacity,
        memory_bytes=of.room.used_bytes,
        batch=of.expected.running(rate_per_s),
        batch_limit=of.room.sequences,
        utilization=rate_per_s / capacity.value,
    )


def _figures(found: Case, rate_per_s: float, simulated: bool) -> tuple[dict[int, Figure], ...]:
    """Times to the first token, between tokens and to the last, by percentile. One simulation for each end serves them all."""

    def times_of(turn: Turn) -> Times:
        if not simulated:
            return estimated_times(turn, rate_per_s, PERCENTILES)
        return simulated_times(turn, rate_per_s, PERCENTILES)

    ends = [times_of(turn) for turn in (found.fast, found.expected, found.slow)]
    kinds = ([end.ttft for end in ends], [end.tpot for end in ends], [end.latency for end in ends])
    return tuple({p: _figure(found, *(end[p] for end in kind)) for p in kind[0]} for kind in kinds)


def _figure(found: Case, fast: Quantile, expected: Quantile, slow: Quantile) -> Figure:
    """The ends are those of the server, and beyond them what the simulation's length leaves uncertain."""
    low, high = fast.seconds - _EIGHTY * fast.error_s, slow.seconds + _EIGHTY * slow.error_s
    return found.figure("s", max(low, fast.seconds / 2), expected.seconds, high)
