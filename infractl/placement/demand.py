"""What a service's document asks for, in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from infractl.placement.arrivals import PATTERNS, Arrivals
from infractl.spec.section.serving import Batching
from infractl.spec.service import InferenceService


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What the service asks for: its peak rate (None: not declared), its latency limits, and the delay that batches may wait.

    `rate_field` is where the peak rate is declared, `extents` the usual sizes of the dimensions in one request. `promised` says
    that it has an SLO to keep. `arrivals` is how requests come.
    """

    peak_per_s: float | None
    rate_field: str
    limits_s: Mapping[int, float]
    delay_s: float
    promised: bool = False
    extents: Mapping[str, int] = field(default_factory=dict)
    arrivals: Arrivals = field(default_factory=Arrivals)

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
            promised=bool(spec.slo.latency.limits_s) or spec.slo.throughput is not None,
            extents=spec.traffic.shapes,
            arrivals=PATTERNS[spec.traffic.pattern],
        )

    def among(self, replicas: int) -> Demand:
        """Of each of so many replicas, between which requests are drawn at random."""
        if replicas == 1 or self.peak_per_s is None:
            return self
        return replace(self, peak_per_s=self.peak_per_s / replicas, arrivals=self.arrivals.among(replicas))

    @property
    def rate_per_s(self) -> float:
        """The rate to predict for; without declared traffic the service is predicted idle."""
        return self.peak_per_s or 0.0
