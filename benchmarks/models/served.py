"""A model behind the real server: p99 under load and capacity, as they are predicted and as the load tool measures them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.models.network import Subject
from benchmarks.models.resident import Shape, serve
from infractl.clock import SystemClock
from infractl.domain.bench import Scenario
from infractl.domain.recipe import AS_GIVEN
from infractl.hardware.this_machine import usable_cores
from infractl.measure.bench.generated import generated
from infractl.measure.bench.job import Address
from infractl.measure.bench.measure import figures_of, measure
from infractl.measure.bench.terms import Requests, Terms
from infractl.measure.bench.tool import sender
from infractl.measure.server import SERVICE, running_server
from infractl.placement import shape as placement
from infractl.placement.candidate import Candidate
from infractl.placement.queueing import NUMERIC_LIMIT
from infractl.placement.service_time import End
from infractl.placement.speed import Speed
from infractl.placement.station import Station
from infractl.profile.onnx import profile_onnx

LOAD = 0.6
"""Of the predicted capacity: at this rate the p99 is compared. Close to the capacity it tells of the rate alone."""

LIMIT = 4.0
"""Times the predicted p99 of a request that meets no other: the SLO at which the capacity is looked for."""

_STEPS = 12
_CONNECTIONS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One figure of a model at a batch cap: what was predicted, and each measurement of it."""

    name: str
    cap: int
    what: str
    predicted: float
    measured: tuple[float, ...]

    @property
    def error(self) -> float:
        """Of the prediction, as a share of the median measurement."""
        return abs(self.predicted / median(self.measured) - 1)

    @property
    def noise(self) -> float:
        """How far two measurements are apart, as a share of the first; the median over all that follow one another."""
        pairs = zip(self.measured, self.measured[1:], strict=False)
        return median(abs(later / earlier - 1) for earlier, later in pairs)


def served(subject: Subject, caps: Iterable[int], speed: Speed, *, duration_s: float, times: int) -> Iterator[Served]:
    """p99 and capacity of a model at each cap, one item a request, on one session of one thread; measured `times` (>= 2)."""
    for cap in caps:
        yield from _of_cap(subject, cap, speed, duration_s, times)


def _of_cap(subject: Subject, cap: int, speed: Speed, duration_s: float, times: int) -> Iterator[Served]:
    station = _station(subject, cap, speed)
    alone_s = station.latency_s(0.0)
    assert alone_s is not None, "an idle queue settles"
    limit_s = LIMIT * alone_s[99]
    capacity = _capacity(station, limit_s)
    at = station.latency_s(LOAD * capacity)
    assert at is not None, "a load below the capacity settles"
    signature = profile_onnx(subject.path, subject.path.parent).signature
    requests = generated(signature, subject.extents)
    terms = Terms(
        requests=requests,
        whole=requests,
        rate_per_s=LOAD * capacity,
        limits_s={99: limit_s},
        duration_s=duration_s,
        connections=_CONNECTIONS,
    )
    found = [figures for _ in range(times) if (figures := _measured(subject, cap, terms, requests))]
    for what, predicted in (("p99", at[99]), ("capacity", capacity)):
        seen = tuple(figures[what] for figures in found if what in figures)
        if len(seen) >= times:
            yield Served(name=subject.name, cap=cap, what=what, predicted=predicted, measured=seen)
        else:
            print(f"{subject.name} cap {cap}: {what} could not be measured {times} times")


def _station(subject: Subject, cap: int, speed: Speed) -> Station:
    profile = profile_onnx(subject.path, subject.path.parent)
    return Candidate(
        profile=profile,
        recipe=AS_GIVEN,
        speed=speed,
        cores=usable_cores(),
        delay_s=0.0,
        shape=placement.Shape(instances=1, batch=cap, threads=1),
        extents=subject.extents,
    ).station(End.expected)


def _capacity(station: Station, limit_s: float) -> float:
    """The largest rate at which the p99 is expected to keep the limit, nothing taken off for safety."""
    low, high = 0.0, station.rate_at(NUMERIC_LIMIT)
    if station.holds(high, {99: limit_s}):
        return high
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if station.holds(middle, {99: limit_s}) else (low, middle)
    return low


def _measured(subject: Subject, cap: int, terms: Terms, requests: Requests) -> dict[str, float]:
    scenarios = (Scenario.server, Scenario.saturation, Scenario.capacity)
    with TemporaryDirectory() as folder, running_server(Path(folder), SystemClock()) as server:
        serve(server, subject.path, Shape(batch=cap))
        host, port = server.address
        send = sender(Address(host=host, port=port, path=f"/v2/models/{SERVICE}/infer"))
        found = measure(scenarios, terms, send, lambda _: None)
    if found.failure:
        print(f"{subject.name} cap {cap}: {found.failure}")
    return {name: figure.value for name, figure in figures_of(found.runs).items()}
