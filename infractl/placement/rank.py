"""The order of what is feasible: by expected cost, then by the room in its p99, and what each costs more than the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from infractl.domain.placement import Dominated, Evaluation, Placement
from infractl.domain.unknown import Unknown
from infractl.placement.shape import Shape
from infractl.spec.service import InferenceService
from infractl.units import Money

Order = tuple[bool, Decimal, bool, float, float, tuple[int, int, int]]


def ranked(service: InferenceService, feasible: Sequence[Evaluation]) -> tuple[Evaluation, ...]:
    """The best first; the others say by what they are dominated. An unknown price comes after every one that compares."""
    currency = compared_in(service, feasible)
    found = sorted(feasible, key=lambda evaluation: order(evaluation, currency))
    return tuple(e if e is found[0] else replace(e, dominated=dominated(e, found[0])) for e in found)


def compared_in(service: InferenceService, feasible: Sequence[Evaluation]) -> str | None:
    """The currency that costs are compared in: the budget's, else that of the first offer with a known cost."""
    if budget := service.spec.budget.monthly or service.spec.budget.per_thousand:
        return budget.currency
    return next((amount.currency for e in feasible if isinstance(amount := cost_of(e), Money)), None)


def order(evaluation: Evaluation, currency: str | None) -> Order:
    """A cost that is unknown, or in another currency, comes after every one that compares.

    Of equal costs what nobody has proven comes last, its wider numbers before the narrower, and else the faster placement first.
    """
    placement, amount, recipe = placed(evaluation), cost_of(evaluation), evaluation.recipe
    unknown = isinstance(amount, Unknown) or amount.currency != currency
    return (
        unknown,
        Decimal(0) if unknown or isinstance(amount, Unknown) else amount.amount,
        evaluation.is_unproven,
        -recipe.dtype.bytes if evaluation.is_unproven else 0.0,
        _p99_s(placement),
        Shape.of(placement).complexity,
    )


def dominated(evaluation: Evaluation, best: Evaluation) -> Dominated:
    """By the best, in cost and in time."""
    one, other = cost_of(evaluation), cost_of(best)
    dearer: Money | Unknown
    if isinstance(one, Unknown):
        dearer = one
    elif isinstance(other, Unknown) or other.currency != one.currency:
        dearer = Unknown(f"{one.currency} does not compare")
    else:
        dearer = Money(amount=one.amount - other.amount, currency=one.currency)
    slower_s = _p99_s(placed(evaluation)) - _p99_s(placed(best))
    return Dominated(by=f"{best.offer.name} with {best.recipe.name}", dearer=dearer, slower_s=slower_s)


def cost_of(evaluation: Evaluation) -> Money | Unknown:
    return placed(evaluation).cost.expected_amount


def placed(evaluation: Evaluation) -> Placement:
    assert evaluation.placement is not None, "what is feasible has a placement"
    return evaluation.placement


def _p99_s(placement: Placement) -> float:
    """At the slow end of what is likely: by that placements are decided."""
    return placement.prediction.latency_s[99].high
