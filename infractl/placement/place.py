"""The choice among offers: every one evaluated, the feasible ranked by cost, the reasons against the others kept."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import product

from infractl.domain.measurement import Measurements
from infractl.domain.offer import Offer
from infractl.domain.placement import Decision, Evaluation, Placement
from infractl.domain.profile import ModelProfile
from infractl.domain.recipe import AS_GIVEN, Recipe
from infractl.domain.unknown import Unknown
from infractl.placement.evaluate import candidates, evaluate, evaluate_shape
from infractl.placement.nearest import nearest
from infractl.placement.predict import Demand
from infractl.placement.shape import Shape
from infractl.spec.service import InferenceService

RECIPES: tuple[Recipe, ...] = (AS_GIVEN,)

RELAXABLE = frozenset({"p50-over-slo", "p95-over-slo", "p99-over-slo", "throughput-short", "unstable"})
"""Violations that a longer latency or a lower rate would mend."""


def place(
    service: InferenceService,
    profile: ModelProfile,
    offers: Sequence[Offer],
    known: Measurements,
    recorded: Placement | None = None,
) -> Decision:
    """Rank every offer and recipe that meets the demands by cost; keep the reasons against all others.

    A `recorded` placement is predicted anew in its own shape, and ranked beside the best shape of its offer where it is feasible.
    """
    evaluations = [evaluate(service, profile, offer, recipe, known) for offer, recipe in product(offers, RECIPES)]
    if recorded is not None:
        evaluations += [e for e in _again(service, profile, offers, known, recorded) if e not in evaluations]
    ranked = tuple(sorted((e for e in evaluations if not e.violations), key=cost_then_simplicity))
    refused = tuple(e for e in evaluations if e.violations)
    return Decision(ranked=ranked, refused=refused, nearest=() if ranked else _nearest(service, profile, refused, known))


def cost_then_simplicity(evaluation: Evaluation) -> tuple[bool, str, Decimal, int, int]:
    """Orders feasible evaluations. An unknown cost comes after every known one."""
    placement = evaluation.placement
    assert placement is not None, "what is feasible has a placement"
    amount = placement.cost.expected_amount
    if isinstance(amount, Unknown):
        return (True, "", Decimal(0), placement.instances, placement.batch)
    return (False, amount.currency, amount.amount, placement.instances, placement.batch)


def _again(
    service: InferenceService, profile: ModelProfile, offers: Sequence[Offer], known: Measurements, recorded: Placement
) -> Sequence[Evaluation]:
    """The recorded placement on today's offer of the same name, where it is still feasible."""
    same = [
        o for o in offers if (o.target, o.name, o.region) == (recorded.offer.target, recorded.offer.name, recorded.offer.region)
    ]
    shape = Shape.of(recorded)
    found = [
        evaluate_shape(service, profile, offer, recorded.recipe, known, shape) for offer in same if recorded.recipe in RECIPES
    ]
    return [e for e in found if e is not None and not e.violations]


def _nearest(
    service: InferenceService, profile: ModelProfile, refused: Sequence[Evaluation], known: Measurements
) -> tuple[str, ...]:
    found: list[str] = []
    for evaluation in refused:
        codes = {violation.code for violation in evaluation.violations}
        if codes <= RELAXABLE:
            texts = list(nearest(candidates(service, profile, evaluation.offer, known), Demand.of(service)))
        elif codes == {"over-budget"} and evaluation.placement:
            texts = [f"{evaluation.placement.cost.expected_amount} a month"]
        else:
            texts = []
        found += [f"{text} on {evaluation.offer.name}" if len(refused) > 1 else text for text in texts]
    return tuple(dict.fromkeys(found))
