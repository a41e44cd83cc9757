"""One offer and recipe against one service: the best shape with its prediction, or every reason against it with both numbers."""

from __future__ import annotations

from collections.abc import Iterator

from infractl.domain.measurement import Measurements
from infractl.domain.offer import Offer
from infractl.domain.placement import Evaluation, Placement, Violation
from infractl.domain.profile import ModelProfile
from infractl.domain.recipe import Recipe
from infractl.placement.memory import USABLE_SHARE, replica_memory
from infractl.placement.predict import Candidate, Demand, predict
from infractl.placement.price import monthly_cost, over_budget
from infractl.placement.service_time import End, gaps
from infractl.placement.shape import Shape, shapes
from infractl.placement.station import DERATING, PLANNED_SHARE
from infractl.spec.service import InferenceService
from infractl.units import format_bytes, format_duration, format_rate


def evaluate(service: InferenceService, profile: ModelProfile, offer: Offer, recipe: Recipe, known: Measurements) -> Evaluation:
    """The simplest shape that meets every demand, else the one that comes nearest, with its violations."""
    if reasons := tuple(barred(service, profile, offer, known)):
        return Evaluation(offer=offer, recipe=recipe, placement=None, violations=reasons)
    demand = Demand.of(service)
    found = candidates(service, profile, offer, known)
    chosen = next((c for c in found if meets(c, demand)), None) or min(found, key=lambda c: _excess(c, demand))
    return _evaluation(service, offer, recipe, chosen, demand)


def evaluate_shape(
    service: InferenceService, profile: ModelProfile, offer: Offer, recipe: Recipe, known: Measurements, shape: Shape
) -> Evaluation | None:
    """The evaluation of one given shape; None where the document, the model or the offer no longer allow it."""
    if reasons := tuple(barred(service, profile, offer, known)):
        return Evaluation(offer=offer, recipe=recipe, placement=None, violations=reasons)
    given = next((c for c in candidates(service, profile, offer, known) if c.shape == shape), None)
    return _evaluation(service, offer, recipe, given, Demand.of(service)) if given else None


def candidates(service: InferenceService, profile: ModelProfile, offer: Offer, known: Measurements) -> tuple[Candidate, ...]:
    """Every allowed shape on the offer's chip, which must be calibrated, the simplest first."""
    return tuple(
        Candidate(
            profile=profile,
            calibration=known.calibrations[offer.chip.name],
            cores=offer.chip.cores * offer.count,
            delay_s=Demand.of(service).delay_s,
            shape=shape,
        )
        for shape in shapes(service, profile, offer)
    )


def meets(candidate: Candidate, demand: Demand) -> bool:
    """Whether the slowest that is likely still keeps the limits, with room for more traffic than is declared."""
    station, rate = candidate.station(End.high), demand.rate_per_s
    return station.utilization(rate) <= PLANNED_SHARE and station.holds(rate / DERATING, demand.limits_s)


def barred(service: InferenceService, profile: ModelProfile, offer: Offer, known: Measurements) -> Iterator[Violation]:
    """Reasons that stand before any figure is computed."""
    spec, chip = service.spec, offer.chip
    if chip.hardware_class not in spec.hardware.classes:
        yield Violation(code="class-not-allowed", need=" or ".join(spec.hardware.classes), have=chip.hardware_class)
    if spec.targets and offer.target not in spec.targets:
        yield Violation(code="target-not-allowed", need=" or ".join(spec.targets), have=offer.target)
    if chip.name not in known.calibrations:
        yield Violation(code="no-figures", need=f"a calibration of {chip.name}", have="none")
    promised = bool(spec.slo.latency.limits_s) or spec.slo.throughput is not None
    if promised and (unknown := gaps(profile)):
        yield Violation(code="no-figures", need=", ".join(unknown), have="none, so that no SLO can be promised")


def _excess(candidate: Candidate, demand: Demand) -> tuple[float, float]:
    """How far the slowest that is likely is beyond the limits: by its worst latency, then by its busy share."""
    station = candidate.station(End.high)
    latency_s = station.latency_s(demand.rate_per_s / DERATING)
    busy = station.utilization(demand.rate_per_s)
    if latency_s is None:
        return (float("inf"), busy)
    return (max((latency_s[p] / limit for p, limit in demand.limits_s.items()), default=0.0), busy)


def _evaluation(service: InferenceService, offer: Offer, recipe: Recipe, candidate: Candidate, demand: Demand) -> Evaluation:
    prediction = predict(candidate, demand)
    cost = monthly_cost(offer, replicas=1)
    budget = over_budget(cost, service.spec.budget.monthly)
    violations = (
        *_memory(offer, candidate),
        *_latency(candidate, demand),
        *_throughput(candidate, demand),
        *([budget] if budget else []),
    )
    if prediction is None:
        return Evaluation(offer=offer, recipe=recipe, placement=None, violations=violations)
    placement = Placement(
        offer=offer,
        recipe=recipe,
        replicas=1,
        batch=candidate.shape.batch,
        instances=candidate.shape.instances,
        threads=candidate.shape.threads,
        prediction=prediction,
        cost=cost,
    )
    return Evaluation(offer=offer, recipe=recipe, placement=placement, violations=violations)


def _memory(offer: Offer, candidate: Candidate) -> Iterator[Violation]:
    need = replica_memory(candidate.profile, instances=candidate.shape.instances, batch=candidate.shape.batch).high
    have = USABLE_SHARE * offer.host_memory_bytes
    if need > have:
        yield Violation(code="does-not-fit-memory", need=format_bytes(need), have=format_bytes(have))


def _latency(candidate: Candidate, demand: Demand) -> Iterator[Violation]:
    """The limits that are missed at the demanded rate; those that are missed even when idle, where the queue does not settle."""
    slowest, expected = candidate.station(End.high), candidate.station(End.expected)
    rate = demand.rate_per_s
    if slowest.latency_s(rate) is None:
        rate = 0.0
    high, value = slowest.latency_s(rate) or {}, expected.latency_s(rate) or {}
    for percentile, limit in demand.limits_s.items():
        if high[percentile] > limit:
            have = format_duration(high[percentile])
            yield Violation(
                code=f"p{percentile}-over-slo",
                need=format_duration(limit),
                have=have if value[percentile] > limit else f"{format_duration(value[percentile])}, up to {have}",
            )


def _throughput(candidate: Candidate, demand: Demand) -> Iterator[Violation]:
    rate, slowest = demand.rate_per_s, candidate.station(End.high)
    most = candidate.station(End.expected).rate_at(1.0)
    if rate >= most:
        yield Violation(code="unstable", need=format_rate(rate), have=format_rate(most))
    elif slowest.utilization(rate) > PLANNED_SHARE or (_only_derated(candidate, demand)):
        have = slowest.capacity_per_s(demand.limits_s)
        yield Violation(code="throughput-short", need=format_rate(rate), have=format_rate(have))


def _only_derated(candidate: Candidate, demand: Demand) -> bool:
    """Whether the limits hold at the demanded rate, and not with the room that a plan needs."""
    station, rate = candidate.station(End.high), demand.rate_per_s
    return station.holds(rate, demand.limits_s) and not station.holds(rate / DERATING, demand.limits_s)
