"""What would hold where nothing does: one demand relaxed at a time, just as far as is enough, whatever offer that is for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from infractl.domain.figure import Basis, Figure
from infractl.domain.placement import Decision, Nearest, Placement, Quantity, Relaxed
from infractl.placement.altered import with_limit, with_traffic, without_budget
from infractl.placement.demand import Demand
from infractl.spec.service import InferenceService
from infractl.units import Money, format_duration, format_rate

MOST_FACTOR = 64.0
"""Further from what is asked for nobody looks."""

EXACT = 1.05

Decide = Callable[[InferenceService], Decision]


def relaxations(service: InferenceService, decide: Decide) -> tuple[Nearest, ...]:
    """At most one for each demand: each latency limit, the traffic, the budget; that which gives up least comes first.

    `decide` is what found nothing feasible. Where no single one is enough there is none.
    """
    found = [*_limits(service, decide), *_traffic(service, decide), *_budget(service, decide)]
    return tuple(near for _, near in sorted(found, key=lambda each: each[0]))


def _limits(service: InferenceService, decide: Decide) -> Iterator[tuple[float, Nearest]]:
    demand = Demand.of(service)
    at = format_rate(demand.rate_per_s) if demand.rate_per_s else ""
    for percentile, limit_s in demand.limits_s.items():

        def tried(factor: float, percentile: int = percentile, limit_s: float = limit_s) -> Placement | None:
            return _best(decide(with_limit(service, percentile, factor * limit_s)))

        if found := _least(tried):
            factor, placement = found
            field = f"slo.latency.p{percentile}"
            yield factor, _near(field, _exactly(_shown(factor * limit_s, math.ceil), "s"), at, placement)


def _traffic(service: InferenceService, decide: Decide) -> Iterator[tuple[float, Nearest]]:
    demand = Demand.of(service)
    if not demand.rate_per_s:
        return
    at = " and ".join(f"p{percentile} {format_duration(limit)}" for percentile, limit in demand.limits_s.items())
    if found := _least(lambda factor: _best(decide(with_traffic(service, 1 / factor)))):
        factor, placement = found
        rate = _exactly(_shown(demand.rate_per_s / factor, math.floor), "1/s")
        yield factor, _near(demand.rate_field, rate, at, placement)


def _budget(service: InferenceService, decide: Decide) -> Iterator[tuple[float, Nearest]]:
    budget = service.spec.budget.monthly
    best = _best(decide(without_budget(service))) if budget else None
    cost = best.cost.expected_amount if best else None
    if budget and best and isinstance(cost, Money) and cost.currency == budget.currency and budget.amount:
        yield float(cost.amount / budget.amount), _near("budget.monthly", cost, "", best)


def _least(tried: Callable[[float], Placement | None]) -> tuple[float, Placement] | None:
    """The least factor at which something is feasible, by doubling and then by halves of the ratio."""
    low, high = 1.0, 2.0
    while (best := tried(high)) is None:
        if high >= MOST_FACTOR:
            return None
        low, high = high, 2 * high
    while high / low > EXACT:
        middle = math.sqrt(low * high)
        if (found := tried(middle)) is None:
            low = middle
        else:
            high, best = middle, found
    return high, best


def _best(decision: Decision) -> Placement | None:
    return decision.ranked[0].placement if decision.ranked else None


def _near(field: str, to: Quantity, at: str, placement: Placement) -> Nearest:
    return Nearest(relaxed=(Relaxed(field=field, to=to),), at=at, on=placement.offer.name)


def _exactly(value: float, unit: str) -> Figure:
    return Figure(value=value, unit=unit, low=value, high=value, basis=Basis.declared, source="found by deciding anew")


def _shown(value: float, to_whole: Callable[[float], int]) -> float:
    """In the three digits that are shown, to the side on which it holds."""
    scale: float = 10.0 ** (math.floor(math.log10(value)) - 2)
    return to_whole(value / scale) * scale
