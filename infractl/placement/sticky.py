"""Placements stay: a plan made tomorrow from the same document changes nothing."""

from __future__ import annotations

from decimal import Decimal

from infractl.domain.placement import Decision, Evaluation, Placement
from infractl.domain.unknown import Unknown


def sticky(decision: Decision, recorded: Placement | None, tolerance: float) -> Evaluation:
    """The recorded placement, predicted anew, if it is feasible and costs within `tolerance` of the best; else the best.

    Whether what is recorded still counts is the caller's to say: a changed document is a reason to pass None, and take the best.
    `decision` is what `place` made of the same `recorded` placement, and must have a feasible evaluation.
    """
    best = decision.ranked[0]
    if recorded is None:
        return best
    kept = next((e for e in decision.ranked if e.placement is not None and same(e.placement, recorded)), None)
    return kept if kept is not None and _within(kept, best, tolerance) else best


def same(one: Placement, other: Placement) -> bool:
    """Whether it is the same placement, whatever is predicted of it."""
    return identity(one) == identity(other)


def identity(placement: Placement) -> tuple[object, ...]:
    """What makes it this placement and no other, whatever is predicted of it."""
    return (placement.offer.key, placement.recipe, placement.replicas, placement.batch, placement.instances, placement.threads)


def _within(kept: Evaluation, best: Evaluation, tolerance: float) -> bool:
    assert kept.placement is not None and best.placement is not None, "what is feasible has a placement"
    cost, least = kept.placement.cost.expected_amount, best.placement.cost.expected_amount
    if isinstance(least, Unknown):
        return True
    if isinstance(cost, Unknown) or cost.currency != least.currency:
        return False
    return cost.amount <= least.amount * (1 + Decimal(str(tolerance)))
