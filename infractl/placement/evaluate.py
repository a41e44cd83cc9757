"""One offer and recipe against one service: the best shape with its prediction, or every reason against it with both numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from infractl.domain.figure import Basis, Figure
from infractl.domain.measurement import Measurements
from infractl.domain.offer import Offer
from infractl.domain.placement import Evaluation, Placement, Violation
from infractl.domain.profile import ModelProfile
from infractl.domain.recipe import Recipe
from infractl.domain.unknown import Unknown
from infractl.placement.candidate import Candidate
from infractl.placement.correction import UNCORRECTED
from infractl.placement.demand import Demand
from infractl.placement.measured import corrections, of_model, seen
from infractl.placement.memory import USABLE_SHARE
from infractl.placement.predict import figure, predict
from infractl.placement.price import monthly_cost, over_budget
from infractl.placement.service_time import End, gaps
from infractl.placement.shape import Shape, shapes
from infractl.placement.speed import speed_of
from infractl.placement.station import DERATING, PLANNED_SHARE
from infractl.spec.service import InferenceService

REPLICAS = 1
"""Of every placement: how traffic is split over several is not computed."""


def evaluate(service: InferenceService, profile: ModelProfile, offer: Offer, recipe: Recipe, known: Measurements) -> Evaluation:
    """The simplest shape that meets every demand, else the one that comes nearest, with its violations."""
    if reasons := tuple(barred(service, profile, offer, recipe, known)):
        return Evaluation(offer=offer, recipe=recipe, placement=None, violations=reasons)
    demand = Demand.of(service)
    found = candidates(service, profile, offer, recipe, known)
    chosen = next((c for c in found if meets(c, demand)), None) or min(found, key=lambda c: _excess(c, demand))
    return _evaluation(service, offer, chosen, demand)


def evaluate_shape(
    service: InferenceService, profile: ModelProfile, offer: Offer, recipe: Recipe, known: Measurements, shape: Shape
) -> Evaluation | None:
    """The evaluation of one given shape; None where the document, the model or the offer no longer allow it."""
    if reasons := tuple(barred(service, profile, offer, recipe, known)):
        return Evaluation(offer=offer, recipe=recipe, placement=None, violations=reasons)
    given = next((c for c in candidates(service, profile, offer, recipe, known) if c.shape == shape), None)
    return _evaluation(service, offer, given, Demand.of(service)) if given else None


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
            cores=offer.chip.cores * offer.count,
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


def meets(candidate: Candidate, demand: Demand) -> bool:
    """Whether it was measured to keep the limits.

    What was not measured must keep them by the slowest that is likely, with room for more traffic than is declared; of a model
    that is costed in part nothing is likely.
    """
    kept = _kept(candidate, demand)
    if kept is not None:
        return kept
    if _unknown(candidate, demand):
        return False
    station, rate = candidate.station(End.high), demand.rate_per_s
    return station.utilization(rate) <= PLANNED_SHARE and station.holds(rate / DERATING, demand.limits_s)


def barred(
    service: InferenceService, profile: ModelProfile, offer: Offer, recipe: Recipe, known: Measurements
) -> Iterator[Violation]:
    """Reasons that stand before any figure is computed."""
    spec, chip = service.spec, offer.chip
    if chip.hardware_class not in spec.hardware.classes:
        yield Violation(code="class-not-allowed", need=" or ".join(spec.hardware.classes), have=chip.hardware_class)
    if spec.targets and offer.target not in spec.targets:
        yield Violation(code="target-not-allowed", need=" or ".join(spec.targets), have=offer.target)
    if isinstance(speed := speed_of(chip, recipe, known), Unknown):
        yield Violation(code="no-figures", need=f"the speed of {chip.name} with {recipe.name}", have=speed.why)


def _excess(candidate: Candidate, demand: Demand) -> tuple[float, float]:
    """How far it is beyond the limits, as it was measured or else by the slowest that is likely: worst latency, busy share."""
    station = candidate.station(End.high)
    computed_s = station.latency_s(demand.rate_per_s / DERATING) or {}
    latency_s = {**computed_s, **{p: figure.value for p, figure in seen(candidate, demand).latency_s.items()}}
    excesses = (latency_s.get(p, float("inf")) / limit for p, limit in demand.limits_s.items())
    settled = 0.0 if latency_s else float("inf")
    return (max(excesses, default=settled), station.utilization(demand.rate_per_s))


def _evaluation(service: InferenceService, offer: Offer, candidate: Candidate, demand: Demand) -> Evaluation:
    recipe, prediction = candidate.recipe, predict(candidate, demand)
    cost = monthly_cost(offer, REPLICAS)
    budget = over_budget(cost, service.spec.budget.monthly)
    violations = (
        *_memory(offer, candidate),
        *(_computed(candidate, demand) if _kept(candidate, demand) is None else _measured(candidate, demand)),
        *([budget] if budget else []),
    )
    if prediction is None:
        return Evaluation(offer=offer, recipe=recipe, placement=None, violations=violations)
    placement = Placement(
        offer=offer,
        recipe=recipe,
        replicas=REPLICAS,
        batch=candidate.shape.batch,
        instances=candidate.shape.instances,
        threads=candidate.shape.threads,
        prediction=prediction,
        cost=cost,
    )
    return Evaluation(offer=offer, recipe=recipe, placement=placement, violations=violations)


def _memory(offer: Offer, candidate: Candidate) -> Iterator[Violation]:
    need, have = candidate.memory_bytes, USABLE_SHARE * offer.host_memory_bytes
    if need.high > have:
        usable = _declared(have, "B", f"{USABLE_SHARE:.0%} of the memory of {offer.name}")
        yield Violation(code="does-not-fit-memory", need=need, have=usable)


def _kept(candidate: Candidate, demand: Demand) -> bool | None:
    """What was measured says, as far as a prediction can be made with it."""
    kept = seen(candidate, demand).keeps(demand)
    return None if kept and predict(candidate, demand) is None else kept


def _measured(candidate: Candidate, demand: Demand) -> Iterator[Violation]:
    """What the shape was measured not to keep."""
    known = seen(candidate, demand)
    for percentile, verdict in known.limits.items():
        if not verdict.kept:
            need = _declared(demand.limits_s[percentile], "s", f"spec.slo.latency.p{percentile}")
            yield Violation(code=f"p{percentile}-over-slo", need=need, have=verdict.figure)
    if known.rate is not None and not known.rate.kept:
        need = _declared(demand.rate_per_s, "1/s", f"spec.{demand.rate_field}")
        yield Violation(code="throughput-short", need=need, have=known.rate.figure)


def _unknown(candidate: Candidate, demand: Demand) -> tuple[str, ...]:
    """What no SLO can be promised without."""
    return gaps(candidate.profile, candidate.extents) if demand.promised else ()


def _computed(candidate: Candidate, demand: Demand) -> Iterator[Violation]:
    if unknown := _unknown(candidate, demand):
        yield Violation(code="no-figures", need=" and ".join(unknown), have="none, so that no SLO can be promised")
        return
    yield from _latency(candidate, demand)
    yield from _throughput(candidate, demand)


def _latency(candidate: Candidate, demand: Demand) -> Iterator[Violation]:
    """The limits that are missed at the demanded rate; those that are missed even when idle, where the queue does not settle."""
    rate = demand.rate_per_s
    if candidate.station(End.high).latency_s(rate) is None:
        rate = 0.0
    latencies_s = {end: candidate.station(end).latency_s(rate) or {} for end in End}
    for percentile, limit in demand.limits_s.items():
        if latencies_s[End.high][percentile] > limit:
            yield Violation(
                code=f"p{percentile}-over-slo",
                need=_declared(limit, "s", f"spec.slo.latency.p{percentile}"),
                have=figure(candidate, demand, {end: latencies_s[end][percentile] for end in End}, "s"),
            )


def _throughput(candidate: Candidate, demand: Demand) -> Iterator[Violation]:
    rate, stations = demand.rate_per_s, {end: candidate.station(end) for end in End}
    need = _declared(rate, "1/s", f"spec.{demand.rate_field}")
    if rate >= stations[End.expected].rate_at(1.0):
        stable = {end: station.rate_at(1.0) for end, station in stations.items()}
        yield Violation(code="unstable", need=need, have=figure(candidate, demand, stable, "1/s"))
    elif max(s.utilization(rate) for s in stations.values()) > PLANNED_SHARE or _only_derated(candidate, demand):
        capacities = {end: station.capacity_per_s(demand.limits_s) for end, station in stations.items()}
        yield Violation(code="throughput-short", need=need, have=figure(candidate, demand, capacities, "1/s"))


def _declared(value: float, unit: str, source: str) -> Figure:
    return Figure(value=value, unit=unit, low=value, high=value, basis=Basis.declared, source=source)


def _only_derated(candidate: Candidate, demand: Demand) -> bool:
    """Whether the limits hold at the demanded rate, and not with the room that a plan needs."""
    station, rate = candidate.station(End.high), demand.rate_per_s
    return station.holds(rate, demand.limits_s) and not station.holds(rate / DERATING, demand.limits_s)
