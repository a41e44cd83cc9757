"""The rate at which a server of a language model keeps what was promised."""

from __future__ import annotations

from collections.abc import Callable

from infractl.domain.figure import Figure
from infractl.domain.language_prediction import LanguageLimits
from infractl.placement.language.case import Case
from infractl.placement.language.estimate import estimated_times
from infractl.placement.language.percentile import Times, simulated_times
from infractl.placement.language.turn import Turn

_MOST = 0.98
"""Of the stable rate: beyond it percentiles say more of a simulation's length than of a server."""

_CLOSED_FORMS, _SIMULATIONS = 12, 6
"""Halvings of a range. Simulations begin between half and 1.2 times of what closed forms find, and end within 1% of it."""


def language_capacity(of: Case, limits: LanguageLimits, *, simulated: bool = True) -> Figure:
    """The highest rate of requests (1/s) at which every limit holds on one server; 0 where not even a lone request keeps them.

    The ends are those of a server that is as fast, and as slow, as its times may be. `simulated` takes about a second; without
    it closed forms take a few milliseconds.
    """
    carried = _simulated if simulated else _estimated
    return of.rate(lambda turn: carried(turn, limits))


def _wanted(limits: LanguageLimits) -> tuple[int, ...]:
    return tuple(sorted({*limits.ttft_s, *limits.tpot_s, *limits.latency_s}))


def _estimated(turn: Turn, limits: LanguageLimits) -> float:
    wanted, most = _wanted(limits), _MOST * turn.capacity_per_s()

    def keeps(rate_per_s: float) -> bool:
        return _within(estimated_times(turn, rate_per_s, wanted), limits)

    return most if keeps(most) else _bisected(keeps, 0.0, most, _CLOSED_FORMS)


def _simulated(turn: Turn, limits: LanguageLimits) -> float:
    wanted, most = _wanted(limits), _MOST * turn.capacity_per_s()

    def keeps(rate_per_s: float) -> bool:
        return _within(simulated_times(turn, rate_per_s, wanted), limits)

    if not wanted:
        return most
    guess = _estimated(turn, limits)
    low, high = guess / 2, min(most, 1.2 * guess)
    if not low:
        return 0.0
    if keeps(high):
        if high == most or keeps(most):
            return most
        low, high = high, most
    elif not keeps(low):
        low, high = 0.0, low
    return _bisected(keeps, low, high, _SIMULATIONS)


def _bisected(keeps: Callable[[float], bool], low: float, high: float, halvings: int) -> float:
    """The highest rate that is kept, between one that is and one that is not."""
    for _ in range(halvings):
        middle = (low + high) / 2
        low, high = (middle, high) if keeps(middle) else (low, middle)
    return low


def _within(found: Times, limits: LanguageLimits) -> bool:
    pairs = ((found.ttft, limits.ttft_s), (found.tpot, limits.tpot_s), (found.latency, limits.latency_s))
    return all(of[p].seconds <= limit for of, promised in pairs for p, limit in promised.items() if p in of)
