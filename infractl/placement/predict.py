"""What a shape gives at a load: latency, capacity, memory, each with its low and high end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from infractl.domain.figure import Basis, Figure
from infractl.domain.placement import Prediction
from infractl.domain.profile import ModelProfile
from infractl.domain.recipe import Recipe
from infractl.placement.memory import replica_memory
from infractl.placement.server_time import ServerTime
from infractl.placement.service_time import End, ServiceTime, gaps
from infractl.placement.shape import Shape
from infractl.placement.speed import Speed
from infractl.placement.station import PERCENTILES, Station
from infractl.spec.section.serving import Batching
from infractl.spec.service import InferenceService
from infractl.units import format_duration

LARGEST_MODELLED_BATCH = 32
"""A queue with a larger cap is computed with this one: it is seldom reached, and what is computed then is on the safe side."""

GUESSED_FACTOR = 100.0
GUESSED_S = 0.1
"""How slow a model may be of which only a floor is known: so many times the floor, and at least so long. Shown as a guess.

What is missing bounds nothing: a convolution may take any number of operations for each byte that it reads.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What the service asks for: its peak rate (None: not declared), its latency limits, and the delay that batches may wait.

    `rate_field` is where the peak rate is declared.
    """

    peak_per_s: float | None
    rate_field: str
    limits_s: Mapping[int, float]
    delay_s: float

    @classmethod
    def of(cls, service: InferenceService) -> Demand:
        spec, peak_per_s = service.spec, service.peak_per_s
        batching = spec.serving.batching
        rates = {
            "traffic.peak": spec.traffic.peak,
            "slo.throughput": spec.slo.throughput,
            "traffic.average": spec.traffic.average,
        }
        return cls(
            peak_per_s=peak_per_s,
            rate_field=next(field for field, rate in rates.items() if rate == peak_per_s),
            limits_s=spec.slo.latency.limits_s,
            delay_s=batching.max_delay if isinstance(batching, Batching) else 0.0,
        )

    @property
    def rate_per_s(self) -> float:
        """The rate to predict for; without declared traffic the service is predicted idle."""
        return self.peak_per_s or 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What a recipe makes of a model, in one shape on cores of known speed, before anything is demanded of it."""

    profile: ModelProfile
    recipe: Recipe
    speed: Speed
    cores: int
    delay_s: float
    shape: Shape

    @property
    def memory_bytes(self) -> Figure:
        return replica_memory(self.profile, instances=self.shape.instances, batch=self.shape.batch)

    def station(self, end: End) -> Station:
        service_time = ServiceTime(profile=self.profile, speed=self.speed, instances=self.shape.instances, end=end)
        server_time = ServerTime(profile=self.profile, speed=self.speed, end=end)
        cap = min(self.shape.batch, LARGEST_MODELLED_BATCH)
        # A request waits the whole delay only where the queue is short; at best it waits none of it.
        delay_s = 0.0 if end is End.low else self.delay_s
        return Station(
            batch_s=service_time.table(cap),
            loop_s=tuple(server_time.loop_s(requests) for requests in range(1, cap + 1)),
            instances=self.shape.instances,
            cores=self.cores,
            extra_s={percentile: server_time.alone_s(percentile) + delay_s for percentile in PERCENTILES},
        )


def predict(candidate: Candidate, demand: Demand) -> Prediction | None:
    """The prediction at the demanded rate, or None where the queue does not settle at every end of what is known.

    Where a part of the model is not costed, what is computed is a floor, and its far end a guess.
    """
    stations = {end: candidate.station(end) for end in End}
    latencies = {end: station.latency_s(demand.rate_per_s) for end, station in stations.items()}
    settled = {end: latency_s for end, latency_s in latencies.items() if latency_s is not None}
    if len(settled) < len(End):
        return None
    capacities = {end: station.capacity_per_s(demand.limits_s) for end, station in stations.items()}
    computed_s = {p: figure(candidate, demand, {end: settled[end][p] for end in End}, "s") for p in PERCENTILES}
    capacity = figure(candidate, demand, capacities, "1/s")
    partly = bool(gaps(candidate.profile))
    return Prediction(
        rate_per_s=demand.rate_per_s,
        latency_s={p: _from_floor(f) for p, f in computed_s.items()} if partly else computed_s,
        capacity_per_s=_from_ceiling(capacity) if partly else capacity,
        memory_bytes=candidate.memory_bytes,
        utilization=stations[End.expected].utilization(demand.rate_per_s),
    )


def figure(candidate: Candidate, demand: Demand, ends: Mapping[End, float], unit: str) -> Figure:
    """What was computed at each end of what is known, as one figure with the provenance of the candidate's speed.

    No calibration vouches for a model that is costed in part: that is an estimate.
    """
    return Figure(
        value=ends[End.expected],
        unit=unit,
        low=min(ends.values()),
        high=max(ends.values()),
        basis=Basis.estimated if gaps(candidate.profile) else candidate.speed.basis,
        source=_source(candidate, demand),
    )


def _from_floor(latency: Figure) -> Figure:
    return replace(latency, high=max(GUESSED_FACTOR * latency.high, GUESSED_S))


def _from_ceiling(capacity: Figure) -> Figure:
    return replace(capacity, low=min(capacity.low / GUESSED_FACTOR, 1 / GUESSED_S))


def _source(candidate: Candidate, demand: Demand) -> str:
    parts = [f"roofline and queue on {candidate.speed.source}"]
    if demand.peak_per_s is None:
        parts.append("idle, because no traffic is declared")
    if unknown := gaps(candidate.profile):
        slow = f"{GUESSED_FACTOR:g} times the time of the rest, and at least {format_duration(GUESSED_S)}"
        parts.append(f"a floor without {', '.join(unknown)}, whose slow end is a guess: {slow}")
    return "; ".join(parts)
