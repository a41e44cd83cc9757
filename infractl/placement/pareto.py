"""What can be had for what: what keeps the demands by monthly cost and p99, and which of it nothing beats in both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from infractl.domain.explanation import CostPoint
from infractl.domain.placement import Decision, Evaluation, Placement
from infractl.units import Money

PERCENTILE = 99

DIFFERENT = 1.02
"""Times that lie closer to each other are the same to whoever pays for them."""


def cost_points(decision: Decision, chosen: Placement | None) -> tuple[CostPoint, ...]:
    """Of what is feasible at a known price, in the currency of the first; the cheapest first, then the fastest.

    By the slow end of what is likely: by that it is decided.
    """
    found = [*_placed(decision, chosen), *_outpriced(decision)]
    compared = [point for point in found if point.monthly.currency == found[0].monthly.currency]
    points, fastest_s = [], float("inf")
    for point in sorted(compared, key=lambda point: (point.monthly.amount, point.p99_s)):
        on_front = point.p99_s < fastest_s / DIFFERENT
        fastest_s = point.p99_s if on_front else fastest_s
        points.append(replace(point, on_front=on_front))
    return tuple(points)


def _placed(decision: Decision, chosen: Placement | None) -> Iterator[CostPoint]:
    for evaluation in decision.ranked:
        placement = evaluation.placement
        if placement is not None and isinstance(cost := placement.cost.expected_amount, Money):
            p99_s = placement.prediction.latency_s[PERCENTILE].high
            yield _point(evaluation, cost, p99_s, placement.replicas, chosen=placement == chosen)


def _outpriced(decision: Decision) -> Iterator[CostPoint]:
    """By how much dearer and slower than the best they are."""
    best = decision.ranked[0].placement if decision.ranked else None
    for evaluation in decision.outpriced:
        beaten = evaluation.dominated
        if best is None or beaten is None or not isinstance(cost := best.cost.expected_amount, Money):
            continue
        if isinstance(beaten.dearer, Money) and beaten.dearer.currency == cost.currency:
            p99_s = best.prediction.latency_s[PERCENTILE].high + beaten.slower_s
            yield _point(evaluation, cost + beaten.dearer, p99_s, None, chosen=False)


def _point(evaluation: Evaluation, cost: Money, p99_s: float, replicas: int | None, *, chosen: bool) -> CostPoint:
    return CostPoint(
        offer=evaluation.offer.name,
        target=evaluation.offer.target,
        recipe=evaluation.recipe.name,
        hardware_class=evaluation.offer.chip.hardware_class,
        replicas=replicas,
        monthly=cost,
        p99_s=p99_s,
        on_front=False,
        chosen=chosen,
    )
