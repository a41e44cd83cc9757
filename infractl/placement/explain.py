"""What a decision says of itself: everything that a reader asks of it, from the decision and from deciding anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from infractl.domain.address import ServiceKey
from infractl.domain.cost import CostSummary, cost_summary
from infractl.domain.explanation import Explanation, Working
from infractl.domain.language_profile import LanguageProfile
from infractl.domain.measurement import Measurements
from infractl.domain.placement import Decision, Evaluation, Nearest, Placement, times_as_dear
from infractl.domain.profile import ModelProfile
from infractl.placement.evaluate import Question, candidates, evaluate
from infractl.placement.language.working import language_working
from infractl.placement.pareto import cost_points
from infractl.placement.refused import class_outcomes, unsettled
from infractl.placement.sensitivity import Decide, sensitivity
from infractl.placement.shape import Shape
from infractl.placement.working import working_lines
from infractl.spec.service import InferenceService

_NOTHING = "nothing is computed of it: what stands against it stands before any figure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is explained: a service, and what was decided of it. `chosen` need not be the best: what is, may stay.

    `decide` decides a document anew, roughly where a close look takes long; `nearest` says what would hold of one.
    """

    key: ServiceKey
    service: InferenceService
    slo: Mapping[str, str]
    traffic: Mapping[str, str]
    decision: Decision
    chosen: Placement | None
    decide: Decide
    nearest: Callable[[InferenceService], Sequence[Nearest]]


def explain(subject: Subject) -> Explanation:
    decision, chosen, service = subject.decision, subject.chosen, subject.service
    best = decision.ranked[0].placement if decision.ranked else None
    other = decision.next_best(chosen) if chosen else None
    evaluations = (*decision.ranked, *decision.outpriced, *decision.refused)
    return Explanation(
        key=subject.key,
        version=service.model.version,
        slo=subject.slo,
        traffic=subject.traffic,
        budget=service.spec.budget.monthly,
        offers=len({e.offer.key for e in evaluations}),
        recipes=tuple({e.recipe.name: e.recipe for e in evaluations}.values()),
        chosen=chosen,
        cost=summary_of(service, chosen) if chosen else None,
        kept=chosen is not None and chosen != best,
        next_best=other,
        times=times_as_dear(chosen, other) if chosen and other else None,
        classes=class_outcomes(decision),
        unsettled=unsettled(decision, chosen),
        nearest=() if best else tuple(subject.nearest(service)),
        sensitivity=sensitivity(service, subject.decide) if best else None,
        points=cost_points(decision, chosen),
    )


def summary_of(service: InferenceService, placement: Placement) -> CostSummary:
    rate_per_s = service.spec.traffic.average or placement.prediction.rate_per_s
    return cost_summary(placement.cost, rate_per_s, placement.paid_per_s)


def working(
    service: InferenceService,
    profile: ModelProfile | LanguageProfile,
    known: Measurements,
    evaluation: Evaluation,
    others: int = 0,
) -> Working:
    """The whole sum of one evaluation; without lines, and why, where nothing was computed."""
    if isinstance(profile, LanguageProfile):
        lines = language_working(service, profile, evaluation)
        summary = summary_of(service, evaluation.placement) if evaluation.placement else None
        return Working(evaluation=evaluation, lines=lines, summary=summary, others=others, why="" if lines else _NOTHING)
    if evaluation.placement is None and not evaluation.violations:
        # A table alone showed that it is too dear: now it is looked at closer.
        asked = Question(service=service, profile=profile, known=known)
        evaluation = evaluate(asked, evaluation.offer, evaluation.recipe)
    placement = evaluation.placement
    if placement is None:
        return Working(evaluation=evaluation, lines=(), summary=None, others=others, why=_NOTHING)
    shape = Shape.of(placement)
    tried = () if placement.offer.by_the_call else candidates(service, profile, placement.offer, placement.recipe, known)
    candidate = next((c for c in tried if c.shape == shape), None)
    return Working(
        evaluation=evaluation,
        lines=working_lines(service, placement, candidate) if candidate else (),
        summary=summary_of(service, placement),
        others=others,
        why="" if candidate else "it is paid by the call: each request has a server of its own, and waits for none",
    )
