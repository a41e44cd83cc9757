"""A replica as queues: one server loop that takes every request, and behind it instances that serve in batches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from infractl.placement.queueing import NUMERIC_LIMIT, Queue, latency_percentiles

PERCENTILES = (50, 95, 99)

PLANNED_SHARE = 0.8
"""The busy share that a placement may be planned for: beyond it a queue answers small surges with long waits."""

DERATING = 0.85
"""Of the rate at which the SLO just holds: without it most MLPerf Server results are predicted too high, some by a third."""

_STEPS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """`batch_s[b - 1]` is the time for b requests on one instance, `loop_s[b - 1]` the server loop's for b requests of one call.

    `extra_s` is what a lone request takes outside of the engine, the loop's part included, by percentile. Arrivals are split at
    random over the instances: a shared queue does better, so this is the safe side.
    """

    batch_s: tuple[float, ...]
    loop_s: tuple[float, ...]
    instances: int
    cores: int
    extra_s: Mapping[int, float]
    threads: int = 1

    def rate_at(self, share: float) -> float:
        """The rate at which the busiest of the instances, the server loop and the cores is busy for `share` of the time."""
        return share / max(self.engine_s, self.server_s, self.core_s)

    @property
    def engine_s(self) -> float:
        """How long one request of full batches keeps the instances busy, each with its share."""
        return self.batch_s[-1] / len(self.batch_s) / self.instances

    @property
    def server_s(self) -> float:
        """How long it keeps the server loop busy."""
        return self.loop_s[-1] / len(self.loop_s)

    @property
    def core_s(self) -> float:
        """How long it keeps all cores busy, were it spread over them."""
        return (self.threads * self.instances * self.engine_s + self.server_s) / self.cores

    def utilization(self, rate_per_s: float) -> float:
        return rate_per_s / self.rate_at(1.0)

    def latency_s(self, rate_per_s: float) -> Mapping[int, float] | None:
        """Latency by percentile, or None where the queue does not settle.

        The percentiles of the parts are added, which errs on the safe side: they are seldom long at once.
        """
        if self.utilization(rate_per_s) > NUMERIC_LIMIT:
            return None
        loop = latency_percentiles(Queue(rate_per_s=rate_per_s, batch_s=self.loop_s), PERCENTILES)
        engine = latency_percentiles(Queue(rate_per_s=rate_per_s / self.instances, batch_s=self.batch_s), PERCENTILES)
        return {
            percentile: self.extra_s[percentile] + (in_loop - self.loop_s[0]) + in_engine
            for percentile, in_loop, in_engine in zip(PERCENTILES, loop, engine, strict=True)
        }

    def holds(self, rate_per_s: float, limits_s: Mapping[int, float]) -> bool:
        """Whether every latency limit is kept at this rate."""
        if not limits_s:
            return self.utilization(rate_per_s) <= 1
        latency_s = self.latency_s(rate_per_s)
        return latency_s is not None and all(latency_s[percentile] <= limit for percentile, limit in limits_s.items())

    def capacity_per_s(self, limits_s: Mapping[int, float]) -> float:
        """The largest rate to plan for: where the limits hold, derated, and at most PLANNED_SHARE busy; 0 for none."""
        return min(DERATING * self._largest_rate(limits_s), self.rate_at(PLANNED_SHARE))

    def _largest_rate(self, limits_s: Mapping[int, float]) -> float:
        low, high = 0.0, self.rate_at(NUMERIC_LIMIT if limits_s else 1.0)
        if not self.holds(low, limits_s):
            return 0.0
        if self.holds(high, limits_s):
            return high
        for _ in range(_STEPS):
            middle = (low + high) / 2
            low, high = (middle, high) if self.holds(middle, limits_s) else (low, middle)
        return low
