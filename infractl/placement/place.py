"""The choice among offers: every one evaluated, the feasible ranked by cost, the reasons against the others kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import product

from infractl.domain.measurement import Measurements
from infractl.domain.offer import Offer
from infractl.domain.placement import Decision, Evaluation, Nearest, Placement, Relaxed
from infractl.domain.profile import ModelProfile
from infractl.domain.recipe import AS_GIVEN, Recipe
from infractl.domain.unknown import Unknown
from infractl.placement.bounds import Bounds
from infractl.placement.demand import Demand
from infractl.placement.evaluate import candidates, evaluate, evaluate_shape
from infractl.placement.nearest import nearest
from infractl.placement.shape import Shape
from infractl.spec.service import InferenceService
from infractl.units import Money

RELAXABLE = frozenset(
    {
        "p50-over-slo",
        "p95-over-slo",
        "p99-over-slo",
        "service-time-over-slo",
        "needs-measurement",
        "throughput-short",
        "unstable",
    }
)
"""Violations that a longer latency or a lower rate would mend."""


def place(
    service: InferenceService,
    profile: ModelProfile,
    offers: Sequence[Offer],
    known: Measurements,
    recorded: Placement | None = None,
    recipes: Sequence[Recipe] = (AS_GIVEN,),
) -> Decision:
    """Rank every offer and recipe that meets the demands by cost; keep the reasons against all others.

    A `recorded` placement is predicted anew in its own shape, and ranked beside the best shape of its offer where it is feasible.
    """
    evaluations = [evaluate(service, profile, offer, recipe, known) for offer, recipe in product(offers, recipes)]
    again = _again(service, profile, offers, known, recorded) if recorded is not None and recorded.recipe in recipes else None
    if again is not None and not again.violations and again not in evaluations:
        evaluations.append(again)
    feasible = [e for e in evaluations if not e.violations]
    currency = _currency(service, feasible)
    ranked = tuple(sorted(feasible, key=lambda e: cost_then_simplicity(e, currency)))
    refused = tuple(e for e in evaluations if e.violations)
    return Decision(
        ranked=ranked,
        refused=refused,
        nearest=() if ranked else _nearest(service, profile, refused, known),
        given_up=again if again is not None and again.violations else None,
    )


def cost_then_simplicity(evaluation: Evaluation, currency: str | None) -> tuple[bool, Decimal, tuple[int, int, int]]:
    """Orders feasible evaluations. A cost that is unknown, or in another currency, comes after every one that compares."""
    placement, amount = _feasible(evaluation), _cost(evaluation)
    if isinstance(amount, Unknown) or amount.currency != currency:
        return (True, Decimal(0), Shape.of(placement).complexity)
    return (False, amount.amount, Shape.of(placement).complexity)


def _currency(service: InferenceService, feasible: Sequence[Evaluation]) -> str | None:
    """The currency that costs are compared in: the budget's, else that of the first offer with a known cost."""
    if budget := service.spec.budget.monthly:
        return budget.currency
    return next((amount.currency for e in feasible if isinstance(amount := _cost(e), Money)), None)


def _cost(evaluation: Evaluation) -> Money | Unknown:
    return _feasible(evaluation).cost.expected_amount


def _feasible(evaluation: Evaluation) -> Placement:
    assert evaluation.placement is not None, "what is feasible has a placement"
    return evaluation.placement


def _again(
    service: InferenceService, profile: ModelProfile, offers: Sequence[Offer], known: Measurements, recorded: Placement
) -> Evaluation | None:
    """The recorded placement on today's offer of the same name; None where there is none, or its shape is not allowed."""
    same = next((offer for offer in offers if offer.key == recorded.offer.key), None)
    return evaluate_shape(service, profile, same, recorded.recipe, known, recorded) if same else None


def _nearest(
    service: InferenceService, profile: ModelProfile, refused: Sequence[Evaluation], known: Measurements
) -> tuple[Nearest, ...]:
    found: list[Nearest] = []
    several = len({evaluation.offer.key for evaluation in refused}) > 1
    for evaluation in refused:
        offer, codes = evaluation.offer, {violation.code for violation in evaluation.violations}
        near: Iterable[Nearest] = ()
        if codes <= RELAXABLE:
            replicas = evaluation.placement.replicas if evaluation.placement else Bounds.of(service, offer).shown
            near = nearest(candidates(service, profile, offer, evaluation.recipe, known), Demand.of(service), replicas)
        elif codes == {"over-budget"} and evaluation.placement and isinstance(cost := _cost(evaluation), Money):
            near = [Nearest(relaxed=(Relaxed(field="budget.monthly", to=cost),))]
        found += [replace(n, on=offer.name) for n in near] if several else near
    return tuple(dict.fromkeys(found))
