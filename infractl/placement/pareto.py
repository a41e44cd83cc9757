"""What can be had for what: what keeps the demands by monthly cost and p99, and which of it nothing beats in both."""

from __future__ import annotations

from collections.abc import Sequence

from infractl.domain.explanation import CostPoint
from infractl.domain.placement import Evaluation, Placement
from infractl.units import Money

PERCENTILE = 99

DIFFERENT = 1.02
"""Times that lie closer to each other are the same to whoever pays for them."""


def cost_points(ranked: Sequence[Evaluation], chosen: Placement | None) -> tuple[CostPoint, ...]:
    """Of the feasible ones whose price is known in one currency, that of the first; the cheapest first, then the fastest."""
    placed = [e.placement for e in ranked if e.placement is not None]
    priced = [(placement, cost) for placement in placed if isinstance(cost := placement.cost.expected_amount, Money)]
    if not priced:
        return ()
    currency = priced[0][1].currency
    compared = [(placement, cost) for placement, cost in priced if cost.currency == currency]
    ordered = sorted(compared, key=lambda each: (each[1].amount, p99_s(each[0])))
    points, fastest_s = [], float("inf")
    for placement, cost in ordered:
        on_front = p99_s(placement) < fastest_s / DIFFERENT
        fastest_s = p99_s(placement) if on_front else fastest_s
        points.append(_point(placement, cost, on_front=on_front, chosen=placement == chosen))
    return tuple(points)


def p99_s(placement: Placement) -> float:
    return placement.prediction.latency_s[PERCENTILE].value


def _point(placement: Placement, cost: Money, *, on_front: bool, chosen: bool) -> CostPoint:
    return CostPoint(
        offer=placement.offer.name,
        target=placement.offer.target,
        hardware_class=placement.offer.chip.hardware_class,
        replicas=placement.replicas,
        monthly=cost,
        p99=placement.prediction.latency_s[PERCENTILE],
        on_front=on_front,
        chosen=chosen,
    )
