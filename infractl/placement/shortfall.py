"""What stands against a shape in so many replicas, with both numbers: memory, latency, rate, and what is not known well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from infractl.domain.figure import Basis, Figure
from infractl.domain.offer import Offer
from infractl.domain.placement import Violation
from infractl.placement import played
from infractl.placement.candidate import Candidate
from infractl.placement.demand import Demand
from infractl.placement.fit import Fit, kept, unknown, would_keep
from infractl.placement.measured import seen
from infractl.placement.memory import USABLE_SHARE
from infractl.placement.predict import figure, played_s
from infractl.placement.service_time import End
from infractl.placement.station import DERATING, PLANNED_SHARE


def usable_bytes(offer: Offer) -> float:
    """What a replica may take of the memory that holds its model: a host's, or an accelerator's own, where it has its own."""
    of_host = offer.chip.cores or not offer.chip.memory_bytes
    return USABLE_SHARE * (offer.host_memory_bytes if of_host else offer.chip.memory_bytes)


def memory_short(offer: Offer, candidate: Candidate) -> Violation | None:
    need, have = candidate.memory_bytes, usable_bytes(offer)
    if need.high <= have:
        return None
    usable = declared(have, "B", f"{USABLE_SHARE:.0%} of the memory of {offer.name}")
    return Violation(code="does-not-fit-memory", need=need, have=usable)


def short_of(fit: Fit, offer: Offer, service: str) -> Iterator[Violation]:
    """Why the demand is not kept. Nothing where it is."""
    if fit.holds:
        return
    candidate, demand = fit.candidate, fit.demand
    if kept(candidate, demand) is not None:
        yield from _measured(fit)
    elif without := unknown(candidate, demand):
        yield Violation(code="no-figures", need=" and ".join(without), have="none, so that no SLO can be promised")
    elif slow := tuple(_alone(candidate, demand)):
        yield from slow
    elif would_keep(candidate, demand, End.low):
        yield _unsure(fit, offer, service)
    else:
        yield from _latency(candidate, demand)
        yield from _throughput(fit)


def settling(service: str, offer: Offer) -> str:
    """The command that tells more of what is not known well enough of an offer; "" where none can measure it yet.

    What is measured of a model on one processor scales what is computed for it on others: see `carried`.
    """
    return f"infractl bench {service}" if offer.chip.cores and not offer.by_the_call else ""


def declared(value: float, unit: str, source: str) -> Figure:
    return Figure(value=value, unit=unit, low=value, high=value, basis=Basis.declared, source=source)


def _measured(fit: Fit) -> Iterator[Violation]:
    """What the shape was measured not to keep."""
    known, demand = seen(fit.candidate, fit.demand), fit.demand
    for percentile, verdict in known.limits.items():
        if not verdict.kept:
            yield Violation(code=f"p{percentile}-over-slo", need=_limit(demand, percentile), have=verdict.figure)
    if known.rate is not None and not known.rate.kept:
        yield Violation(code="throughput-short", need=_rate(fit), have=known.rate.figure.scaled(fit.replicas))


def _alone(candidate: Candidate, demand: Demand) -> Iterator[Violation]:
    """Limits that a request misses that meets no other, at the fastest that is likely: no number of replicas mends that."""
    latencies_s = _latencies(candidate, 0.0)
    for percentile, limit in demand.limits_s.items():
        if latencies_s[End.low][percentile] > limit:
            have = figure(candidate, demand, {end: latencies_s[end][percentile] for end in End}, "s")
            yield Violation(code="service-time-over-slo", need=_limit(demand, percentile), have=have)


def _unsure(fit: Fit, offer: Offer, service: str) -> Violation:
    """It keeps all at the fastest that is likely, and not at the slowest: a measurement tells."""
    found = (*_latency(fit.candidate, fit.demand), *_throughput(fit))
    assert found, "what does not hold falls short of something"
    return Violation(code="needs-measurement", need=found[0].need, have=found[0].have, remedy=settling(service, offer))


def _latency(candidate: Candidate, demand: Demand) -> Iterator[Violation]:
    """The limits that are missed at the demanded rate; those that are missed even when idle, where the queue does not settle."""
    if played.is_harder(candidate, demand) and (found := played_s(candidate, demand, tuple(End))):
        for percentile, limit in demand.limits_s.items():
            if found[percentile].high > limit:
                yield Violation(code=f"p{percentile}-over-slo", need=_limit(demand, percentile), have=found[percentile])
        return
    rate = demand.rate_per_s
    if candidate.station(End.high).latency_s(rate) is None:
        rate = 0.0
    latencies_s = _latencies(candidate, rate)
    for percentile in demand.limits_s:
        if latencies_s[End.high][percentile] > demand.limits_s[percentile]:
            have = figure(candidate, demand, {end: latencies_s[end][percentile] for end in End}, "s")
            yield Violation(code=f"p{percentile}-over-slo", need=_limit(demand, percentile), have=have)


def _latencies(candidate: Candidate, rate_per_s: float) -> Mapping[End, Mapping[int, float]]:
    return {end: candidate.station(end).latency_s(rate_per_s) or {} for end in End}


def _throughput(fit: Fit) -> Iterator[Violation]:
    candidate, demand, rate = fit.candidate, fit.demand, fit.demand.rate_per_s
    stations = {end: candidate.station(end) for end in End}
    if rate >= stations[End.expected].rate_at(1.0):
        stable = {end: fit.replicas * station.rate_at(1.0) for end, station in stations.items()}
        yield Violation(code="unstable", need=_rate(fit), have=figure(candidate, demand, stable, "1/s"))
    elif max(s.utilization(rate) for s in stations.values()) > PLANNED_SHARE or _only_derated(candidate, demand):
        capacities = {end: fit.replicas * played.capacity_per_s(candidate, demand, end) for end in stations}
        yield Violation(code="throughput-short", need=_rate(fit), have=figure(candidate, demand, capacities, "1/s"))


def _only_derated(candidate: Candidate, demand: Demand) -> bool:
    """Whether the limits hold at the demanded rate, and not with the room that a plan needs."""
    station, rate = candidate.station(End.high), demand.rate_per_s
    if played.is_harder(candidate, demand):
        keeps = station.holds(rate / DERATING, demand.limits_s) and played.keeps(candidate, demand, End.high)
        return not keeps and not any(_latency(candidate, demand))
    return station.holds(rate, demand.limits_s) and not station.holds(rate / DERATING, demand.limits_s)


def _limit(demand: Demand, percentile: int) -> Figure:
    return declared(demand.limits_s[percentile], "s", f"spec.slo.latency.p{percentile}")


def _rate(fit: Fit) -> Figure:
    return declared(fit.replicas * fit.demand.rate_per_s, "1/s", f"spec.{fit.demand.rate_field}")
