"""The search for the highest rate that keeps its limits: which rate is loaded next, and what the loads say together. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from infractl.domain.bench import Tried

MOST_STEPS = 15
NEW_UNTIL = 12
"""So many loads at most; those after `NEW_UNTIL` try no new rate, and decide on those that were tried."""

CLOSE_ENOUGH = 1.05
"""The search ends when the lowest rate that broke a limit is at most so many times the highest that kept them all."""

ENOUGH_LOOKS = 2
"""So many loads that agree decide on a rate. One may have met a hiccup of the machine, or have kept the limits by luck."""


class Outcome(StrEnum):
    kept = "kept"
    broken = "broken"
    untold = "untold"
    """The load shows neither; no other rate will show more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one load says of its rate, and why, where it did not keep the limits."""

    outcome: Outcome
    reason: str = ""


Try = Callable[[float, int], Verdict]
"""Loads at a rate, with the number of the step: each has other arrivals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The highest rate that kept the limits (0: none did), the lowest above it that broke one (None: none did), and all loads.

    `confirmed`: it kept them twice. `untold`: why the search ended before its time; empty where it did not.
    """

    kept: float
    broken: float | None
    confirmed: bool
    tried: tuple[Tried, ...]
    untold: str = ""


def search(attempt: Try, *, top: float, lowest: float = 0.0, kept: float = 0.0, broken: float | None = None) -> Found:
    """Bisect between `lowest` and `top`, in at most `MOST_STEPS` loads.

    `kept` is known to keep the limits (0: none is), `broken` was seen once to break them. A load that shows nothing ends the
    search. A rate that broke a limit twice is never found.
    """
    looks = _Looks(kept, broken)
    steps: list[Tried] = []
    untold = ""
    while not untold and len(steps) < MOST_STEPS:
        rate = looks.next_rate(top, lowest, new=len(steps) < NEW_UNTIL)
        if rate is None:
            break
        verdict = attempt(rate, len(steps))
        steps.append(Tried(rate_per_s=rate, reason=verdict.reason))
        match verdict.outcome:
            case Outcome.kept:
                looks.kept[rate] += 1
            case Outcome.broken:
                looks.broken[rate] += 1
            case Outcome.untold:
                untold = verdict.reason
    confirmed = looks.kept[looks.good] >= ENOUGH_LOOKS
    return Found(kept=looks.good, broken=looks.bad, confirmed=confirmed, tried=tuple(steps), untold=untold)


class _Looks:
    """How often each rate kept the limits and how often it broke one. What more of its looks say is taken for true."""

    def __init__(self, kept: float, broken: float | None) -> None:
        self.kept = Counter({kept: ENOUGH_LOOKS} if kept else {})
        self.broken = Counter({} if broken is None else {broken: 1})

    @property
    def good(self) -> float:
        return max((rate for rate in self.kept if self.kept[rate] > self.broken[rate]), default=0.0)

    @property
    def bad(self) -> float | None:
        return min((rate for rate in self.broken if self.broken[rate] > self.kept[rate]), default=None)

    def next_rate(self, top: float, lowest: float, new: bool) -> float | None:
        """None: nothing is left to ask. `new`: it may be one that was not tried yet.

        What broke is doubted as soon as a lower rate has kept. Until then the way is down: a lower rate that breaks too says
        the same of both.
        """
        torn = next((rate for rate in self.kept if self.kept[rate] == self.broken[rate]), None)
        if torn is not None:
            return torn
        good, bad = self.good, self.bad
        doubted = bad if bad is not None and bad >= lowest and self.broken[bad] < ENOUGH_LOOKS else None
        if good and doubted:
            return doubted
        high = top if bad is None else bad
        if new and high > max(CLOSE_ENOUGH * good, lowest):
            return max(lowest, (good + high) / 2)
        return good if good and self.kept[good] < ENOUGH_LOOKS else doubted
