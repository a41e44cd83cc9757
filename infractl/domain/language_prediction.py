"""What one server of a language model is predicted to give: times to first token and per token, what fits, what it can carry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from infractl.domain.figure import Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageLimits:
    """What a language service promises of each request, in seconds by percentile. Without any, a stable queue is enough."""

    ttft_s: Mapping[int, float] = field(default_factory=dict)
    tpot_s: Mapping[int, float] = field(default_factory=dict)
    latency_s: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguagePrediction:
    """One server, whose chips share every layer, at Poisson arrivals of `rate_per_s` requests of one shape.

    Times are by percentile (50, 95, 99) in s: `ttft_s` to the first token, `tpot_s` for each after it, `latency_s` to the last.
    `batch` sequences run at a time on average, and `batch_limit` fit. `utilization` is the rate's share of `capacity_per_s`, the
    largest at which the queue stays stable, whatever the SLOs. `memory_bytes` is what one chip holds when `batch_limit` run.
    """

    rate_per_s: float
    ttft_s: Mapping[int, Figure]
    tpot_s: Mapping[int, Figure]
    latency_s: Mapping[int, Figure]
    capacity_per_s: Figure
    memory_bytes: Figure
    batch: float
    batch_limit: int
    utilization: float
