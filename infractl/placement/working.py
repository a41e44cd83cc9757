"""The sum of one evaluation, step by step, from service time to replicas and memory. Cost lines are its placement's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from infractl.domain.explanation import Stage, WorkingLine
from infractl.domain.figure import Basis, Figure
from infractl.domain.placement import Placement
from infractl.placement import played
from infractl.placement.bounds import Bounds
from infractl.placement.candidate import Candidate
from infractl.placement.demand import Demand
from infractl.placement.fit import shared
from infractl.placement.predict import figure, played_s
from infractl.placement.service_time import End
from infractl.placement.shortfall import usable_bytes
from infractl.placement.station import DERATING, PERCENTILES, PLANNED_SHARE, Station
from infractl.spec.service import InferenceService
from infractl.units import format_duration, format_rate

_MODEL = "the model of infractl's placement"


def working_lines(service: InferenceService, placement: Placement, candidate: Candidate) -> tuple[WorkingLine, ...]:
    """`candidate` is the placement's shape on its offer. All is of one replica, but for the last lines."""
    whole = Demand.of(service)
    demand = shared(whole, placement.replicas)
    sum_ = _Sum(candidate, demand)
    return (
        *sum_.service_time(),
        *sum_.batch(placement),
        *sum_.queue(),
        *sum_.capacity(),
        *_replicas(service, placement, whole),
        *_memory(placement),
    )


class _Sum:
    """Of one candidate at the demand of one replica."""

    def __init__(self, candidate: Candidate, demand: Demand) -> None:
        self.candidate, self.demand = candidate, demand
        self.stations: Mapping[End, Station] = {end: candidate.station(end) for end in End}

    def line(self, stage: Stage, name: str, ends: Mapping[End, float], unit: str, how: str = "") -> WorkingLine:
        return WorkingLine(stage=stage, name=name, figure=figure(self.candidate, self.demand, ends, unit), how=how)

    def each(self, stage: Stage, name: str, of: object, unit: str, how: str = "") -> WorkingLine:
        assert callable(of)
        return self.line(stage, name, {end: of(station) for end, station in self.stations.items()}, unit, how)

    def service_time(self) -> Iterator[WorkingLine]:
        cap = len(self.stations[End.expected].batch_s)
        yield self.each(Stage.service_time, "a batch of 1", lambda s: s.batch_s[0], "s", "one session, on its threads")
        if cap > 1:
            yield self.each(Stage.service_time, f"a batch of {cap}", lambda s: s.batch_s[-1], "s")
        yield self.each(Stage.service_time, "server, each request", lambda s: s.server_s, "s", "in full batches")
        yield self.each(
            Stage.service_time, "around it, alone, p99", lambda s: s.extra_s[99], "s", "server and wire, and the delay"
        )

    def batch(self, placement: Placement) -> Iterator[WorkingLine]:
        how = "the simplest shape of those that need the fewest replicas"
        yield WorkingLine(stage=Stage.batch, name="largest batch", figure=_chosen(placement.batch, "requests"), how=how)
        yield WorkingLine(stage=Stage.batch, name="sessions", figure=_chosen(placement.instances, "sessions"))
        yield WorkingLine(stage=Stage.batch, name="threads a session", figure=_chosen(placement.threads, "threads"))

    def queue(self) -> Iterator[WorkingLine]:
        rate = self.demand.rate_per_s
        what = f"at {format_rate(rate)} a replica" if rate else "idle"
        yield self.each(
            Stage.queue, "busy", lambda s: s.utilization(rate), "of the time", f"{what}; planned: {PLANNED_SHARE:.0%}"
        )
        if played.is_played(self.candidate, self.demand):
            yield from self.played()
            return
        latencies = {end: station.latency_s(rate) for end, station in self.stations.items()}
        if any(latency is None for latency in latencies.values()):
            return
        for percentile in PERCENTILES:
            ends = {end: (latency or {})[percentile] for end, latency in latencies.items()}
            yield self.line(Stage.queue, f"p{percentile}", ends, "s", self.asked(percentile))

    def played(self) -> Iterator[WorkingLine]:
        """Latencies by simulation, and of what traffic."""
        arrivals = self.demand.arrivals
        seen = _exactly(arrivals.ca2, "", Basis.estimated, "no trace: see docs/concepts/placement.md")
        of_one = f"; one of {1 / arrivals.part:.0f} replicas sees {arrivals.variability:.3g}" if arrivals.part < 1 else ""
        how = f"simulated, {played.traffic(self.candidate, self.demand)}{of_one}"
        yield WorkingLine(stage=Stage.queue, name="variability of gaps", figure=seen, how=how)
        for percentile, figure_ in played_s(self.candidate, self.demand, tuple(End)).items():
            yield WorkingLine(stage=Stage.queue, name=f"p{percentile}", figure=figure_, how=self.asked(percentile))

    def asked(self, percentile: int) -> str:
        limit = self.demand.limits_s.get(percentile)
        return f"asked: {format_duration(limit)}" if limit else ""

    def capacity(self) -> Iterator[WorkingLine]:
        yield self.each(
            Stage.capacity, "rate of the busiest part", lambda s: s.rate_at(1.0), "1/s", "instances, server loop or cores"
        )
        how = f"the limits hold with {1 - DERATING:.0%} to spare, at most {PLANNED_SHARE:.0%} busy"
        planned = {end: played.capacity_per_s(self.candidate, self.demand, end) for end in End}
        yield self.line(Stage.capacity, "to plan for, a replica", planned, "1/s", how)


def _replicas(service: InferenceService, placement: Placement, demand: Demand) -> Iterator[WorkingLine]:
    bounds = Bounds.of(service, placement.offer)
    if demand.rate_per_s:
        asked = replace(_chosen(demand.rate_per_s, "1/s"), source=f"spec.{demand.rate_field}")
        yield WorkingLine(stage=Stage.replicas, name="rate to carry", figure=asked)
    most = f", {bounds.most} at most" if bounds.is_limited else ""
    how = f"by the slow end of what one carries; {bounds.least} at least{most}"
    yield WorkingLine(stage=Stage.replicas, name="replicas at peak", figure=_chosen(placement.replicas, "replicas"), how=how)
    if placement.expected_replicas is not None:
        mean = _chosen(placement.expected_replicas, "replicas")
        yield WorkingLine(
            stage=Stage.replicas, name="replicas in the mean", figure=mean, how="over a month of the declared traffic"
        )
    all_ = placement.prediction.capacity_per_s
    yield WorkingLine(stage=Stage.replicas, name="all of them carry", figure=all_)


def _memory(placement: Placement) -> Iterator[WorkingLine]:
    usable = replace(_chosen(usable_bytes(placement.offer), "B"), source=f"the memory of {placement.offer.name}")
    yield WorkingLine(stage=Stage.memory, name="a replica needs", figure=placement.prediction.memory_bytes)
    yield WorkingLine(stage=Stage.memory, name="usable", figure=usable)


def _chosen(value: float, unit: str) -> Figure:
    """What is set and not predicted."""
    return _exactly(float(value), unit, Basis.declared, _MODEL)


def _exactly(value: float, unit: str, basis: Basis, source: str) -> Figure:
    return Figure(value=value, unit=unit, low=value, high=value, basis=basis, source=source)
