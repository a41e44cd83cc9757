"""One offer and recipe against one service: the best shape with its prediction, or every reason against it with both numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from infractl.domain.cost import Cost
from infractl.domain.hardware_class import HardwareClass
from infractl.domain.measurement import Measurements
from infractl.domain.offer import Offer, Purchase
from infractl.domain.placement import Evaluation, Placement, Prediction, Violation
from infractl.domain.profile import ModelProfile
from infractl.domain.recipe import Recipe
from infractl.domain.unknown import Unknown
from infractl.placement import finalist, gates
from infractl.placement.bounds import Bounds, quota
from infractl.placement.candidate import Candidate
from infractl.placement.carried import Carried, scaled
from infractl.placement.correction import UNCORRECTED
from infractl.placement.demand import Demand
from infractl.placement.evaluate_call import evaluate_call
from infractl.placement.fit import Fit, fewest, fit, nearest_fit, trials
from infractl.placement.gates import ANSWERING
from infractl.placement.measured import corrections, of_model
from infractl.placement.predict import predict
from infractl.placement.price import dear, placed_cost
from infractl.placement.shape import Shape, shapes
from infractl.placement.shortfall import memory_short, short_of
from infractl.placement.speed import Speed, speed_of
from infractl.placement.standing import Standing, standing
from infractl.spec.service import InferenceService


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of each offer: the service and its model, and what is known. `beside` are offers kept for good, by what a
    spot offer has in common with them.
    """

    service: InferenceService
    profile: ModelProfile
    known: Measurements
    beside: Mapping[tuple[str, str, str], Offer] = field(default_factory=dict)
    carried: Mapping[HardwareClass, Carried] = field(default_factory=dict)

    def speed(self, offer: Offer, recipe: Recipe) -> Speed | Unknown:
        """Of the offer's chip, by all that is known."""
        return _speed(self.profile, offer, recipe, self.known, self.carried)

    def twin(self, offer: Offer) -> Offer | None:
        """The same offer kept for good."""
        return self.beside.get((offer.target, offer.name, offer.region)) if offer.purchase is Purchase.spot else None


def evaluate(asked: Question, offer: Offer, recipe: Recipe) -> Evaluation:
    """The shape that meets every demand with the fewest replicas, else the one that comes nearest, with its violations."""
    service = asked.service
    if reasons := tuple(barred(service, asked.profile, offer, recipe, asked.known)):
        return Evaluation(offer=offer, recipe=recipe, placement=None, violations=reasons)
    tried = candidates(service, asked.profile, offer, recipe, asked.known, asked.carried)
    if offer.metered:
        return evaluate_call(service, offer, tried[-1])
    return _best(asked, offer, tried)


def evaluate_recorded(asked: Question, offer: Offer, recorded: Placement) -> Evaluation | None:
    """The evaluation of a recorded shape on today's offer, with as many replicas as it had or as it needs now.

    None where the document, the model or the offer no longer allow it.
    """
    service, recipe = asked.service, recorded.recipe
    if reasons := tuple(barred(service, asked.profile, offer, recipe, asked.known)):
        return Evaluation(offer=offer, recipe=recipe, placement=None, violations=reasons)
    shape = Shape.of(recorded)
    given = [c for c in candidates(service, asked.profile, offer, recipe, asked.known, asked.carried) if c.shape == shape]
    if not given:
        return None
    if offer.metered:
        return evaluate_call(service, offer, given[0])
    bounds = Bounds.of(service, offer)
    same = fit(given[0], Demand.of(service), recorded.replicas, recorded.replicas)
    if recorded.beside or not same or service.spec.slo.availability or not bounds.least <= recorded.replicas <= bounds.most:
        return _best(asked, offer, given)
    return evaluation(asked, offer, same)


def candidates(
    service: InferenceService,
    profile: ModelProfile,
    offer: Offer,
    recipe: Recipe,
    known: Measurements,
    carried: Mapping[HardwareClass, Carried] | None = None,
) -> tuple[Candidate, ...]:
    """Every allowed shape on the offer's chip, the simplest first; none where the chip's speed with the recipe is unknown."""
    speed = _speed(profile, offer, recipe, known, carried or {})
    if isinstance(speed, Unknown):
        return ()
    measurements = of_model(profile, offer.chip, recipe, known)
    cuts = shapes(service, profile, offer)
    simplest = replace(candidate(service, profile, offer, recipe, speed, cuts[0]), measurements=measurements)
    by_shape = corrections(simplest)
    newest = next(iter(by_shape.values()), UNCORRECTED)
    found = (replace(simplest, shape=shape) for shape in cuts)
    return tuple(replace(c, correction=by_shape.get(frozenset(c.config.items()), newest)) for c in found)


def _speed(
    profile: ModelProfile, offer: Offer, recipe: Recipe, known: Measurements, carried: Mapping[HardwareClass, Carried]
) -> Speed | Unknown:
    """What was measured on the chip itself corrects each shape of it, and what was on another the speed."""
    speed = speed_of(offer.chip, recipe, known)
    if isinstance(speed, Unknown) or not carried or of_model(profile, offer.chip, recipe, known):
        return speed
    return scaled(speed, carried.get(offer.chip.hardware_class))


def candidate(
    service: InferenceService, profile: ModelProfile, offer: Offer, recipe: Recipe, speed: Speed, shape: Shape
) -> Candidate:
    """One shape on the offer's chips, of which nothing was measured."""
    demand = Demand.of(service)
    return Candidate(
        profile=profile,
        recipe=recipe,
        speed=speed,
        cores=offer.chip.cores * offer.count or max(1, offer.host_cores),
        delay_s=demand.delay_s,
        shape=shape,
        accelerators=0 if offer.chip.cores else offer.count,
        extents=demand.extents,
    )


def barred(
    service: InferenceService, profile: ModelProfile, offer: Offer, recipe: Recipe, known: Measurements
) -> Iterator[Violation]:
    """Reasons that stand before any figure is computed."""
    yield from gates.barred(service, offer, recipe)
    if isinstance(speed := speed_of(offer.chip, recipe, known), Unknown):
        yield Violation(code="no-figures", need=f"the speed of {offer.chip.name} with {recipe.name}", have=speed.why)
    if short := quota(service, offer):
        yield short


def _best(asked: Question, offer: Offer, tried: Sequence[Candidate]) -> Evaluation:
    demand, bounds = Demand.of(asked.service), Bounds.of(asked.service, offer)
    # What does not fit is looked at only where nothing does: the simplest takes the least.
    fitting = [c for c in tried if memory_short(offer, c) is None] or tried[:1]
    best = finalist.best(trials(fitting, demand, bounds), demand, bounds)
    return evaluation(asked, offer, best or nearest_fit(finalist.few(fitting, demand, bounds.most, 1), demand, bounds))


def evaluation(asked: Question, offer: Offer, found: Fit, prediction: Prediction | None = None) -> Evaluation:
    """What was found of an offer: its replicas over a month, its cost, and what stands against it.

    `prediction` is of one replica, and made here where it is not given.
    """
    candidate, service = found.candidate, asked.service
    memory = memory_short(offer, candidate)
    prediction = prediction or predict(candidate, found.demand)
    reasons = (*((memory,) if memory else ()), *short_of(found, offer, service.name))
    if prediction is None:
        return Evaluation(offer=offer, recipe=candidate.recipe, placement=None, violations=reasons)
    stands = standing(service, offer, found.replicas, prediction.capacity_per_s.low, asked.twin(offer))
    if isinstance(stands, Violation):
        return Evaluation(offer=offer, recipe=candidate.recipe, placement=None, violations=(*reasons, stands))
    placement = _placement(service, offer, found, prediction, stands)
    return Evaluation(
        offer=offer,
        recipe=candidate.recipe,
        placement=placement,
        violations=(*reasons, *_dear(service, found, placement)),
    )


def _dear(service: InferenceService, found: Fit, placement: Placement) -> tuple[Violation, ...]:
    """What comes nearest and falls short has many replicas that are hardly busy: there, as few count as carry the traffic."""
    if found.holds or placement.beside:
        return dear(service, placement.cost)
    few = fewest(found.candidate, Demand.of(service), Bounds.of(service, placement.offer))
    less = replace(placement, replicas=min(few, placement.replicas), least_replicas=None, expected_replicas=None)
    return dear(service, placed_cost(less))


def _placement(service: InferenceService, offer: Offer, found: Fit, prediction: Prediction, stands: Standing) -> Placement:
    """Predicted with the replicas that the traffic needs: spare ones may be away."""
    shape, fleet = found.candidate.shape, stands.fleet
    fixed = fleet.floor == fleet.ceiling
    made = Placement(
        offer=offer,
        recipe=found.candidate.recipe,
        replicas=fleet.ceiling,
        batch=shape.batch,
        instances=shape.instances,
        threads=shape.threads,
        prediction=_of_all(prediction, found.replicas),
        cost=Cost(floor=(), expected=(), ceiling=()),
        least_replicas=None if fixed else fleet.floor,
        expected_replicas=None if fixed else fleet.expected,
        mode=next(mode for mode in offer.modes if mode in ANSWERING[service.spec.mode]),
        spot_replicas=stands.spot,
        beside=stands.beside,
    )
    return replace(made, cost=placed_cost(made))


def _of_all(prediction: Prediction, replicas: int) -> Prediction:
    """Of a service of so many replicas, where it was made for one: the rates add up, and nothing else does."""
    if replicas == 1:
        return prediction
    return replace(
        prediction,
        rate_per_s=replicas * prediction.rate_per_s,
        capacity_per_s=prediction.capacity_per_s.scaled(replicas),
    )
