"""What would change the choice: how much more traffic, and which limit relaxed how far, found by deciding anew a few times."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from infractl.domain.explanation import Saving, Sensitivity, Turn
from infractl.domain.placement import Decision, Placement
from infractl.placement.altered import Limit, limits, relaxed, with_limit, with_traffic
from infractl.spec.service import InferenceService
from infractl.units import Money

MOST_FACTOR = 16.0
"""So many times the traffic, or the limit, is looked at: nobody plans for more of the same service."""

EXACT = 1.05
"""The ratio down to which the place of a change is searched."""

LEAST_SHARE = 0.05
"""A smaller saving is within the error of what is predicted."""

MOST_TURNS = 3

Decide = Callable[[InferenceService], Decision]


def sensitivity(service: InferenceService, decide: Decide) -> Sensitivity | None:
    """`decide` is what was decided by, or a rough form of that; None where it finds nothing feasible.

    Along traffic the changes of the offer are looked for, up to MOST_FACTOR, and for each limit of a time the one relaxation that
    saves at least LEAST_SHARE. Between two decisions that agree nothing is looked for.
    """
    if not service.peak_per_s and not any(limits(service)):
        return Sensitivity(turns=(), savings=(), stays_to=1.0, decisions=0)
    search = _Search(decide)
    if (chosen := search.best(service)) is None:
        return None
    turns: tuple[Turn, ...] = ()
    if service.peak_per_s:
        turns = tuple(_turns(service, chosen, search))
    savings = [_saving(service, chosen, limit, search) for limit in limits(service)]
    found = sorted((saving for saving in savings if saving), key=lambda saving: -saving.share)
    return Sensitivity(
        turns=turns,
        savings=tuple(found),
        stays_to=turns[0].factor if turns else MOST_FACTOR if service.peak_per_s else 1.0,
        decisions=search.count,
    )


@dataclass
class _Search:
    """Decides, and counts how often."""

    decide: Decide
    count: int = field(default=0)

    def best(self, service: InferenceService) -> Placement | None:
        self.count += 1
        decision = self.decide(service)
        return decision.ranked[0].placement if decision.ranked else None


def _turns(service: InferenceService, chosen: Placement, search: _Search) -> Iterator[Turn]:
    """Doubling until the offer is another one, then by halves of the ratio between."""
    low, before = 1.0, _offer(chosen)
    found = 0
    while low < MOST_FACTOR and found < MOST_TURNS and before is not None:
        high = low * 2
        best = search.best(with_traffic(service, high))
        if _offer(best) == before:
            low = high
            continue
        while high / low > EXACT:
            middle = math.sqrt(low * high)
            tried = search.best(with_traffic(service, middle))
            if _offer(tried) == before:
                low = middle
            else:
                high, best = middle, tried
        yield Turn(factor=high, rate_per_s=high * (service.peak_per_s or 0.0), chosen=best)
        found, low, before = found + 1, high, _offer(best)


def _offer(placement: Placement | None) -> object:
    """What is chosen, whatever its size."""
    return placement and (placement.offer.key, placement.recipe.name)


def _saving(service: InferenceService, chosen: Placement, limit: Limit, search: _Search) -> Saving | None:
    """The shortest limit, doubled twice at most, at which what is saved at its end is saved."""

    def best_at(factor: float) -> Placement | None:
        return search.best(with_limit(service, limit.percentile, factor * limit.seconds, limit.of))

    for factor in (2.0, 4.0):
        best = best_at(factor)
        if best is None or not (saves := _saves(chosen, best)) or saves[1] < LEAST_SHARE:
            continue
        low, high = factor / 2 if factor > 2 else 1.0, factor
        while high / low > EXACT:
            middle = math.sqrt(low * high)
            tried = best_at(middle)
            as_good = tried and (less := _saves(chosen, tried)) and less[1] >= 0.95 * saves[1]
            if tried and as_good:
                high, best, saves = middle, tried, less or saves
            else:
                low = middle
        # As shown, in three digits, the limit must be one that is enough.
        shown_s = _rounded_up(high * limit.seconds)
        anew = relaxed(service, limit, shown_s, "a limit that was tried")
        return Saving(relaxed=anew, chosen=best, saves=saves[0], share=saves[1])
    return None


def _saves(chosen: Placement, other: Placement) -> tuple[Money, float] | None:
    before, after = chosen.cost.expected_amount, other.cost.expected_amount
    if not (isinstance(before, Money) and isinstance(after, Money)) or before.currency != after.currency or not before.amount:
        return None
    saved = before.amount - after.amount
    return Money(amount=saved, currency=before.currency), float(saved / before.amount)


def _rounded_up(seconds: float) -> float:
    scale: float = 10.0 ** (math.floor(math.log10(seconds)) - 2)
    return math.ceil(seconds / scale - 1e-9) * scale
