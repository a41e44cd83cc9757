"""What a decision comes to for somebody who only wants to know what it would cost: one outcome, and sums of several."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from infractl.domain.cost import CostSummary
from infractl.domain.estimate import Expectation, Total
from infractl.domain.placement import Decision, Nearest
from infractl.domain.unknown import Unknown
from infractl.placement.explain import summary_of
from infractl.placement.refused import nearest_miss
from infractl.spec.service import InferenceService
from infractl.units import Money


def outcome(
    service: InferenceService,
    slo: Mapping[str, str],
    traffic: Mapping[str, str],
    decision: Decision,
    nearest: Callable[[InferenceService], Sequence[Nearest]],
) -> Expectation:
    """`nearest` says what would hold, and is asked only where nothing is feasible."""
    best = decision.ranked[0].placement if decision.ranked else None
    return Expectation(
        slo=slo,
        traffic=traffic,
        placement=best,
        cost=summary_of(service, best) if best else None,
        refused=None if best else nearest_miss(decision.refused),
        nearest=() if best else tuple(nearest(service)),
    )


def total(outcomes: Mapping[str, Expectation]) -> Total:
    """By service. What has no known price is in no sum, and named."""
    costs = {name: outcome.cost for name, outcome in outcomes.items()}
    known = [cost for cost in costs.values() if cost is not None]
    return Total(
        floor=_sums(known, lambda cost: cost.floor),
        expected=_sums(known, lambda cost: cost.expected),
        ceiling=_sums(known, lambda cost: cost.ceiling),
        unknown=tuple(name for name, cost in costs.items() if cost is not None and isinstance(cost.expected, Unknown)),
        infeasible=tuple(name for name, cost in costs.items() if cost is None),
    )


def _sums(costs: Iterable[CostSummary], of: Callable[[CostSummary], Money | Unknown]) -> tuple[Money, ...]:
    sums: dict[str, Money] = {}
    for cost in costs:
        if isinstance(amount := of(cost), Money):
            sums[amount.currency] = sums[amount.currency] + amount if amount.currency in sums else amount
    return tuple(sums[currency] for currency in sorted(sums))
