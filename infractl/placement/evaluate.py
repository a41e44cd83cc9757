"""One offer and recipe against one service: the best shape with its prediction, or every reason against it with both numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from infractl.domain.measurement import Measurements
from infractl.domain.offer import Offer
from infractl.domain.placement import Evaluation, Placement, Prediction, Violation
from infractl.domain.profile import ModelProfile
from infractl.domain.recipe import Recipe
from infractl.domain.unknown import Unknown
from infractl.placement import gates
from infractl.placement.bounds import Bounds, quota
from infractl.placement.candidate import Candidate
from infractl.placement.correction import UNCORRECTED
from infractl.placement.demand import Demand
from infractl.placement.fit import Fit, best_fit, fit, nearest_fit
from infractl.placement.measured import corrections, of_model
from infractl.placement.predict import predict
from infractl.placement.price import monthly_cost, over_budget
from infractl.placement.shape import Shape, shapes
from infractl.placement.shortfall import memory_short, short_of
from infractl.placement.speed import speed_of
from infractl.spec.service import InferenceService


def evaluate(service: InferenceService, profile: ModelProfile, offer: Offer, recipe: Recipe, known: Measurements) -> Evaluation:
    """The shape that meets every demand with the fewest replicas, else the one that comes nearest, with its violations."""
    if reasons := tuple(barred(service, profile, offer, recipe, known)):
        return Evaluation(offer=offer, recipe=recipe, placement=None, violations=reasons)
    return _best(service, offer, candidates(service, profile, offer, recipe, known))


def evaluate_shape(
    service: InferenceService, profile: ModelProfile, offer: Offer, recipe: Recipe, known: Measurements, recorded: Placement
) -> Evaluation | None:
    """The evaluation of a recorded shape, with as many replicas as it had or as it needs now.

    None where the document, the model or the offer no longer allow it.
    """
    if reasons := tuple(barred(service, profile, offer, recipe, known)):
        return Evaluation(offer=offer, recipe=recipe, placement=None, violations=reasons)
    shape = Shape.of(recorded)
    given = [c for c in candidates(service, profile, offer, recipe, known) if c.shape == shape]
    if not given:
        return None
    bounds = Bounds.of(service, offer)
    same = fit(given[0], Demand.of(service), recorded.replicas, recorded.replicas)
    if same and bounds.least <= recorded.replicas <= bounds.most and not memory_short(offer, given[0]):
        return _evaluation(service, offer, same)
    return _best(service, offer, given)


def candidates(
    service: InferenceService, profile: ModelProfile, offer: Offer, recipe: Recipe, known: Measurements
) -> tuple[Candidate, ...]:
    """Every allowed shape on the offer's chip, the simplest first; none where the chip's speed with the recipe is unknown."""
    speed = speed_of(offer.chip, recipe, known)
    if isinstance(speed, Unknown):
        return ()
    demand = Demand.of(service)
    measurements = of_model(profile, offer.chip, recipe, known)
    simplest, *others = (
        Candidate(
            profile=profile,
            recipe=recipe,
            speed=speed,
            cores=offer.chip.cores * offer.count or max(1, offer.host_cores),
            delay_s=demand.delay_s,
            shape=shape,
            extents=demand.extents,
            measurements=measurements,
        )
        for shape in shapes(service, profile, offer)
    )
    by_shape = corrections(simplest)
    newest = next(iter(by_shape.values()), UNCORRECTED)
    return tuple(replace(c, correction=by_shape.get(frozenset(c.config.items()), newest)) for c in (simplest, *others))


def barred(
    service: InferenceService, profile: ModelProfile, offer: Offer, recipe: Recipe, known: Measurements
) -> Iterator[Violation]:
    """Reasons that stand before any figure is computed."""
    yield from gates.barred(service, offer, recipe)
    if isinstance(speed := speed_of(offer.chip, recipe, known), Unknown):
        yield Violation(code="no-figures", need=f"the speed of {offer.chip.name} with {recipe.name}", have=speed.why)
    if short := quota(service, offer):
        yield short


def _best(service: InferenceService, offer: Offer, tried: Sequence[Candidate]) -> Evaluation:
    demand, bounds = Demand.of(service), Bounds.of(service, offer)
    # What does not fit is looked at only where nothing does: the simplest takes the least.
    fitting = [c for c in tried if memory_short(offer, c) is None] or tried[:1]
    return _evaluation(service, offer, best_fit(fitting, demand, bounds) or nearest_fit(fitting, demand, bounds))


def _evaluation(service: InferenceService, offer: Offer, found: Fit) -> Evaluation:
    candidate = found.candidate
    cost = monthly_cost(offer, found.replicas)
    reasons = (
        memory_short(offer, candidate),
        *short_of(found, offer, service.name),
        over_budget(cost, service.spec.budget.monthly),
    )
    violations = tuple(reason for reason in reasons if reason)
    if (prediction := predict(candidate, found.demand)) is None:
        return Evaluation(offer=offer, recipe=candidate.recipe, placement=None, violations=violations)
    placement = Placement(
        offer=offer,
        recipe=candidate.recipe,
        replicas=found.replicas,
        batch=candidate.shape.batch,
        instances=candidate.shape.instances,
        threads=candidate.shape.threads,
        prediction=_of_all(prediction, found.replicas),
        cost=cost,
    )
    return Evaluation(offer=offer, recipe=candidate.recipe, placement=placement, violations=violations)


def _of_all(prediction: Prediction, replicas: int) -> Prediction:
    """Of a service of so many replicas, where it was made for one: the rates add up, and nothing else does."""
    if replicas == 1:
        return prediction
    return replace(
        prediction,
        rate_per_s=replicas * prediction.rate_per_s,
        capacity_per_s=prediction.capacity_per_s.scaled(replicas),
    )
