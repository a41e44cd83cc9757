"""One offer that is paid by the call against one service: warm and cold latency, what runs at once, and what is used up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from infractl.domain.cost import HOURS_A_MONTH, SECONDS_AN_HOUR, Cost, CostLine
from infractl.domain.figure import Basis, Figure
from infractl.domain.offer import Metered, Mode, Offer, Rate
from infractl.domain.placement import Evaluation, Placement, Prediction, Violation
from infractl.placement import serverless
from infractl.placement.candidate import Candidate
from infractl.placement.demand import Demand
from infractl.placement.predict import figure
from infractl.placement.price import dear, exact
from infractl.placement.season import average_per_s, least_per_s
from infractl.placement.server_time import ServerTime
from infractl.placement.service_time import End, gaps
from infractl.placement.shortfall import declared, memory_short, settling
from infractl.placement.station import PERCENTILES, PLANNED_SHARE
from infractl.spec.service import InferenceService

SECONDS_A_MONTH = float(HOURS_A_MONTH * SECONDS_AN_HOUR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Requests that are each served alone, on the offer's share of a processor, at one end of what is known."""

    service_s: float
    warm_s: Mapping[int, float]
    cold: float
    start_s: float
    latency_s: Mapping[int, float]


def evaluate_call(service: InferenceService, offer: Offer, candidate: Candidate) -> Evaluation:
    """`candidate` is one session of one thread that serves single requests."""
    assert offer.metered is not None, "what is paid by the call says how it is metered"
    demand = Demand.of(service)
    calls = {end: _call(candidate, offer.metered, average_per_s(service), end) for end in End}
    latency_s = {p: figure(candidate, demand, {end: call.latency_s[p] for end, call in calls.items()}, "s") for p in PERCENTILES}
    cost = _cost(service, offer, candidate, calls[End.expected])
    memory = memory_short(offer, candidate)
    violations = (
        *((memory,) if memory else ()),
        *_short(candidate, demand, offer, calls, latency_s, service.name),
        *dear(service, cost),
    )
    rate = demand.rate_per_s
    expected = calls[End.expected]
    running = max(1, serverless.busy(rate, expected.service_s)) if rate else 1
    placement = Placement(
        offer=offer,
        recipe=candidate.recipe,
        replicas=running,
        batch=candidate.shape.batch,
        instances=1,
        threads=candidate.shape.threads,
        prediction=Prediction(
            rate_per_s=rate,
            latency_s=latency_s,
            capacity_per_s=figure(candidate, demand, {end: _capacity(calls[end], offer.metered) for end in End}, "1/s"),
            memory_bytes=candidate.memory_bytes,
            utilization=rate * expected.service_s / offer.metered.concurrency,
        ),
        cost=cost,
        least_replicas=0,
        expected_replicas=average_per_s(service) * expected.service_s,
        mode=Mode.serverless,
    )
    return Evaluation(offer=offer, recipe=candidate.recipe, placement=placement, violations=violations)


def _call(candidate: Candidate, metered: Metered, rate_per_s: float, end: End) -> Call:
    """A slow end has a slow start, a short keep-alive and a slow processor."""
    station = candidate.station(end)
    server = ServerTime(profile=candidate.profile, speed=candidate.speed, end=end, extents=candidate.extents)
    # A data sheet is of the offer's own share of a processor already, a calibration of whole cores. What the server does
    # besides is its host's, and an instance's time as well.
    engine_s = station.batch_s[0] / (1.0 if candidate.speed.sheet else min(1.0, metered.cores))
    warm_s = {p: engine_s + server.alone_s(p) / min(1.0, metered.cores) for p in PERCENTILES}
    service_s = warm_s[50]
    cold = serverless.cold_share(rate_per_s, service_s, end.of_rate(metered.keep_alive_s))
    start_s = end.of(metered.start_s)
    return Call(
        service_s=service_s,
        warm_s=warm_s,
        cold=cold,
        start_s=start_s,
        latency_s=serverless.latency_s(warm_s, cold, start_s),
    )


def _capacity(call: Call, metered: Metered) -> float:
    return PLANNED_SHARE * metered.concurrency / call.service_s


def _short(
    candidate: Candidate,
    demand: Demand,
    offer: Offer,
    calls: Mapping[End, Call],
    latency_s: Mapping[int, Figure],
    service: str,
) -> Iterator[Violation]:
    """What is against it, memory and cost aside; `latency_s` is by percentile with what starts cold."""
    assert offer.metered is not None
    if demand.promised and (without := gaps(candidate.profile, candidate.extents)):
        yield Violation(code="no-figures", need=" and ".join(without), have="none, so that no SLO can be promised")
        return
    for percentile, limit_s in demand.limits_s.items():
        if latency_s[percentile].high > limit_s:
            warm = figure(candidate, demand, {end: call.warm_s[percentile] for end, call in calls.items()}, "s")
            need = declared(limit_s, "s", f"spec.slo.latency.p{percentile}")
            yield _late(need, warm, latency_s[percentile], calls[End.expected].cold, settling(service, offer))
    longest = {end: call.service_s for end, call in calls.items()}
    if longest[End.high] > (most := offer.metered.timeout_s):
        have = figure(candidate, demand, longest, "s")
        yield Violation(code="service-time-over-slo", need=declared(most, "s", f"the timeout of {offer.name}"), have=have)
    capacity = {end: _capacity(call, offer.metered) for end, call in calls.items()}
    if demand.rate_per_s > capacity[End.high]:
        need = declared(demand.rate_per_s, "1/s", f"spec.{demand.rate_field}")
        yield Violation(code="throughput-short", need=need, have=figure(candidate, demand, capacity, "1/s"))


def _late(need: Figure, warm: Figure, whole: Figure, cold: float, remedy: str) -> Violation:
    """Too slow even when warm; or warm enough, and started too often when nobody is there."""
    if warm.low > need.value:
        return Violation(code="service-time-over-slo", need=need, have=warm)
    if whole.low <= need.value:
        return Violation(code="needs-measurement", need=need, have=whole, remedy=remedy)
    source = f"{cold:.3%} of the requests start cold; {whole.source}"
    return Violation(code="cold-start-over-slo", need=need, have=replace(whole, basis=Basis.estimated, source=source))


def _cost(service: InferenceService, offer: Offer, candidate: Candidate, call: Call) -> Cost:
    """Nothing at no traffic; what the average uses; what the peak would, were it there all the time."""
    if not offer.tariff:
        return Cost(floor=(), expected=(), ceiling=(), why=f"{offer.name}: its price is not known")
    peak = service.peak_per_s
    if not peak:
        return Cost(floor=(), expected=(), ceiling=(), why="no traffic is declared, and it is paid by the call")
    floor, expected, ceiling = (
        _lines(offer, candidate, call, rate * SECONDS_A_MONTH) for rate in (least_per_s(service), average_per_s(service), peak)
    )
    unmetered = next((line.name for line in expected if line.usage < 0), "")
    if unmetered:
        return Cost(floor=(), expected=(), ceiling=(), why=f"{offer.name}: no usage is known for {unmetered}")
    return Cost(floor=floor, expected=expected, ceiling=ceiling)


def _lines(offer: Offer, candidate: Candidate, call: Call, requests: float) -> tuple[CostLine, ...]:
    assert offer.metered is not None
    used = serverless.usage(requests, call.service_s, call.cold, call.start_s, offer.host_memory_bytes, offer.metered.cores)
    amounts = {
        ("requests", "million"): used.requests / 1e6,
        ("memory", "GB-s"): used.gigabyte_seconds,
        ("processor", "vCPU-s"): used.core_seconds,
        ("accelerator", "GPU-s"): used.seconds * offer.count,
        ("data", "GB"): requests * _moved_bytes(candidate) / 1e9,
    }
    return tuple(_line(rate, amounts.get((rate.metric, rate.unit))) for rate in offer.tariff)


def _line(rate: Rate, amount: float | None) -> CostLine:
    """What is metered in a way that nobody knows has a usage below 0, which the caller makes unknown."""
    name = rate.name or f"{rate.metric} by the {rate.unit}"
    return CostLine(name=name, usage=Decimal(-1) if amount is None else exact(amount), rate=rate)


def _moved_bytes(candidate: Candidate) -> float:
    """Of a request and its answer, in the model's own types."""
    sizes = candidate.profile.sizes(candidate.items, candidate.extents)
    tensors = (*candidate.profile.signature.inputs, *candidate.profile.signature.outputs)
    total = 0.0
    for tensor in tensors:
        elements = 1.0
        for axis in tensor.shape:
            elements *= sizes.get(axis, 1.0) if isinstance(axis, str) else axis
        total += elements * (tensor.dtype.size_bytes or 0)
    return total
