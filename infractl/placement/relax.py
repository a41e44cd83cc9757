"""What would hold where nothing does: one demand relaxed at a time, just as far as is enough, whatever offer that is for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal

from infractl.domain.cost import per_thousand
from infractl.domain.figure import Figure
from infractl.domain.placement import Decision, Nearest, Placement, Relaxed
from infractl.placement.altered import Limit, exactly, limits, relaxed, with_limit, with_traffic, without_budget
from infractl.placement.demand import Demand
from infractl.placement.season import average_per_s
from infractl.spec.service import InferenceService
from infractl.units import Money, format_duration

MOST_FACTOR = 1024.0
"""Further from what is asked for nobody looks."""

EXACT = 1.05

_AGAIN = 4
"""So many steps of EXACT further it is tried where what was found roughly does not hold closely."""

_SOURCE = "found by deciding anew"

Decide = Callable[[InferenceService], Decision]
Altered = Callable[[float], InferenceService]


def relaxations(service: InferenceService, decide: Decide, closely: Decide | None = None) -> tuple[Nearest, ...]:
    """At most one for each demand: each limit, the traffic, the budget; that which gives up least comes first.

    `decide` is what found nothing feasible; where it is a rough one, `closely` has the last word. Where no single demand is
    enough, every limit and the traffic are relaxed together, if that is.
    """
    search = _Search(service=service, decide=decide, closely=closely)
    found = [*_limits(search), *_traffic(search), *_budget(search)]
    if not found:
        return tuple(_together(search))
    return tuple(near for _, near in sorted(found, key=lambda each: each[0]))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """For the least factor on a demand at which something is feasible."""

    service: InferenceService
    decide: Decide
    closely: Decide | None

    def least(self, altered: Altered) -> tuple[float, Placement] | None:
        """By doubling and then by halves of the ratio; at once none where not even the most is enough."""
        if _best(self.decide(altered(MOST_FACTOR))) is None:
            return None
        low, high = 1.0, 2.0
        while (best := _best(self.decide(altered(high)))) is None:
            if high >= MOST_FACTOR:
                return None
            low, high = high, 2 * high
        while high / low > EXACT:
            middle = math.sqrt(low * high)
            if (found := _best(self.decide(altered(middle)))) is None:
                low = middle
            else:
                high, best = middle, found
        return (high, best) if self.closely is None else self._sure(high, altered, self.closely)

    def _sure(self, factor: float, altered: Altered, closely: Decide) -> tuple[float, Placement] | None:
        for _ in range(_AGAIN):
            if best := _best(closely(altered(factor))):
                return factor, best
            factor *= EXACT
        return None


def _limits(search: _Search) -> Iterator[tuple[float, Nearest]]:
    service = search.service
    at = " and ".join(map(str, _rates(service)))
    for limit in limits(service):

        def altered(factor: float, limit: Limit = limit) -> InferenceService:
            return with_limit(service, limit.percentile, _up(factor * limit.seconds), limit.of)

        if found := search.least(altered):
            factor, placement = found
            anew = relaxed(service, limit, _up(factor * limit.seconds), _SOURCE)
            yield factor, Nearest(relaxed=anew, at=at, on=placement.offer.name)


def _traffic(search: _Search) -> Iterator[tuple[float, Nearest]]:
    service = search.service
    if _rates(service) and (found := search.least(lambda factor: _calmer(service, factor))):
        factor, placement = found
        at = " and ".join(f"{_name(limit)} {format_duration(limit.seconds)}" for limit in limits(service))
        yield factor, Nearest(relaxed=_rates(_calmer(service, factor)), at=at, on=placement.offer.name)


def _budget(search: _Search) -> Iterator[tuple[float, Nearest]]:
    """The cheapest of what keeps all else."""
    service, decide = search.service, search.closely or search.decide
    budgets = {"monthly": service.spec.budget.monthly, "per_thousand": service.spec.budget.per_thousand}
    for of, budget in budgets.items():
        best = _best(decide(without_budget(service, of))) if budget else None
        if best is None or budget is None or not budget.amount:
            continue
        cost = best.cost.expected_amount
        paid = cost if of == "monthly" else per_thousand(cost, average_per_s(service))
        if isinstance(paid, Money) and paid.currency == budget.currency:
            field = "budget.monthly" if of == "monthly" else "budget.perThousand"
            anew = Relaxed(field=field, to=_whole(paid) if of == "monthly" else paid)
            yield float(paid.amount / budget.amount), Nearest(relaxed=(anew,), on=best.offer.name)


def _together(search: _Search) -> Iterator[Nearest]:
    """The highest rate that can be had at all, and the limits that hold at it."""
    service, promised = search.service, tuple(limits(search.service))
    if not promised or not _rates(service):
        return

    def slower(of: InferenceService, factor: float) -> InferenceService:
        for limit in promised:
            of = with_limit(of, limit.percentile, _up(factor * limit.seconds), limit.of)
        return of

    roughly = replace(search, closely=None)
    if not (rate := roughly.least(lambda factor: slower(_calmer(service, factor), MOST_FACTOR))):
        return
    calm = _calmer(service, rate[0])
    if found := search.least(lambda factor: slower(calm, factor)):
        factor, placement = found
        anew = [Relaxed(field=each.field, to=exactly(_up(factor * each.seconds), "s", _SOURCE)) for each in promised]
        yield Nearest(relaxed=(*anew, *_rates(calm)), on=placement.offer.name)


def _calmer(service: InferenceService, factor: float) -> InferenceService:
    """With its rates so many times lower, the one that counts in the digits that are shown."""
    rates = _rates(service)
    whole = rates[-1].to.value if isinstance(rates[-1].to, Figure) else 1.0
    return with_traffic(service, _down(whole / factor) / whole)


def _rates(service: InferenceService) -> tuple[Relaxed, ...]:
    """What is declared of the rate: of output tokens, and of requests the one that counts."""
    demand, tokens_per_s = Demand.of(service), service.spec.slo.token_throughput
    found = [("slo.tokenThroughput", tokens_per_s), (demand.rate_field, demand.rate_per_s)]
    return tuple(Relaxed(field=field, to=exactly(rate, "1/s", _SOURCE)) for field, rate in found if rate)


def _best(decision: Decision) -> Placement | None:
    return decision.ranked[0].placement if decision.ranked else None


def _name(limit: Limit) -> str:
    """`p99`, `ttft p95`."""
    return f"p{limit.percentile}" if limit.of == "latency" else f"{limit.of} p{limit.percentile}"


def _up(value: float) -> float:
    return _shown(value, math.ceil)


def _down(value: float) -> float:
    return _shown(value, math.floor)


def _shown(value: float, to_whole: Callable[[float], int]) -> float:
    """In the three digits that are shown, to the side on which it holds."""
    scale: float = 10.0 ** (math.floor(math.log10(value)) - 2)
    # What is shown exactly already is not to move on by a rounding error.
    near = round(value / scale)
    return (near if math.isclose(near, value / scale, rel_tol=1e-12) else to_whole(value / scale)) * scale


def _whole(cost: Money) -> Money:
    """To the cent above: what is shown is enough."""
    cents = cost.amount.quantize(Decimal("0.01"), ROUND_CEILING)
    return replace(cost, amount=cents) if cents else cost
