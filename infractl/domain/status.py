"""What runs, beside what was promised and predicted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from infractl.domain.address import ServiceKey
from infractl.domain.cost import Cost, CostSummary
from infractl.domain.figure import Figure
from infractl.domain.health import Health, HealthStatus
from infractl.domain.measurement import Measurement
from infractl.domain.placement import Prediction, Violation
from infractl.domain.value import Properties
from infractl.domain.verdict import latency_verdict, rate_verdict
from infractl.units import Money

_MOSTLY = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceStatus:
    """One recorded resource: how well it does, and the attributes that differ from what was applied."""

    address: str
    health: Health
    drifted: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """An SLO in numbers: latency limits in s by percentile at `peak_per_s` (None: none is declared), and answers a second."""

    limits_s: Mapping[int, float] = field(default_factory=dict)
    throughput_per_s: float | None = None
    peak_per_s: float | None = None


class Source(StrEnum):
    """Who measured."""

    bench = "bench"
    """`infractl bench`, as a client, under a load of its own."""
    served = "served"
    """The running service, of all that it answered since it started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenPromise:
    """A promise (`name`: "p99", "throughput") that was not kept: `limit` and `found` in `unit` (s or 1/s)."""

    name: str
    source: Source
    limit: float
    found: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CostStatus:
    """What a service costs at today's price, and by its prediction what a thousand inferences do.

    `per_thousand_measured` is that of a thousand at `measured_per_s`, the capacity that a bench found; None where none did.
    """

    cost: Cost
    summary: CostSummary
    budget: Money | None = None
    over_budget: Violation | None = None
    measured_per_s: float | None = None
    per_thousand_measured: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatus:
    """One service. `promised` is its SLO as text.

    `measured` is what the running service counts of itself, `bench` the newest measurement of what is deployed: the same
    artifact on the same chip in the same shape. `broken` are the promises that either shows not to be kept.
    """

    key: ServiceKey
    target: str
    health: Health
    version: str | None
    outputs: Properties
    resources: tuple[ResourceStatus, ...]
    promised: Mapping[str, str]
    prediction: Prediction | None
    measured: Mapping[str, float]
    bench: Measurement | None = None
    broken: tuple[BrokenPromise, ...] = ()
    cost: CostStatus | None = None
    note: str = ""


def bench_latency(bench: Measurement, percentile: int) -> Figure | None:
    """Under its Poisson arrivals; where it was given none, of one request at a time."""
    return bench.figures.get(f"p{percentile}" if bench.rate_per_s else f"alone_p{percentile}")


def bench_capacity(bench: Measurement) -> Figure | None:
    """The rate that kept its limits; where it was given none, the most answers a second."""
    return bench.figures.get("capacity" if bench.limits_s else "saturation")


def stands_beside(bench: Measurement) -> bool:
    """Whether it has a figure of those that are promised. One of MLPerf's Offline scenario alone has none."""
    return bench_capacity(bench) is not None or any(bench_latency(bench, percentile) for percentile in (50, 95, 99))


def broken_promises(
    promise: Promise, benches: Sequence[Measurement], served: Mapping[str, float], benched: int = 0
) -> Iterator[BrokenPromise]:
    """What was measured to be worse than promised: by `benches` of the promised requests, the newest first, as `verdict` judges.

    What the service counts of itself has no rate: it is taken as it is, unless most of it was `benched`: a bench overloads on
    purpose.
    """
    mostly_benched = benched > _MOSTLY * served.get("requests", 0.0)
    peak_per_s = promise.peak_per_s or 0.0
    limits_s = promise.limits_s
    verdicts = {p: latency_verdict(benches, p, limit_s, peak_per_s) for p, limit_s in sorted(limits_s.items())}
    for percentile, verdict in verdicts.items():
        name, limit_s = f"p{percentile}", limits_s[percentile]
        if verdict and not verdict.kept:
            yield BrokenPromise(name=name, source=Source.bench, limit=limit_s, found=verdict.figure.value, unit="s")
        found_s = served.get(f"{name}_s")
        if found_s is not None and found_s > limit_s and not mostly_benched:
            yield BrokenPromise(name=name, source=Source.served, limit=limit_s, found=found_s, unit="s")
    least = promise.throughput_per_s
    # Where all limits were kept at the peak, the rate was carried; a search for more may fail below it by chance.
    if verdicts and all(verdict and verdict.kept for verdict in verdicts.values()):
        return
    if least is not None and (verdict := rate_verdict(benches, promise.limits_s, least)) and not verdict.kept:
        yield BrokenPromise(name="throughput", source=Source.bench, limit=least, found=verdict.figure.value, unit="1/s")


def worst(healths: Iterable[Health]) -> Health:
    """The health of a whole from that of its parts; what has no part is not there."""
    return min(healths, key=lambda h: WORST_FIRST.index(h.status), default=Health(HealthStatus.failed, "nothing is recorded"))


WORST_FIRST = (
    HealthStatus.failed,
    HealthStatus.degraded,
    HealthStatus.progressing,
    HealthStatus.suspended,
    HealthStatus.healthy,
)
