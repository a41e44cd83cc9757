"""What the server counts, in Prometheus' words. Gauges are computed when somebody looks: a request pays for counters only."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

# Eight buckets a decade from 100us to 10s: a percentile read from them is at most a third off.
_LATENCY_BUCKETS_S = tuple(float(f"{10 ** (step / 8):.3g}") for step in range(-32, 9))
_ITEM_BUCKETS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256, 512, 1024, 2048, 4096)


class Metrics:
    """One server's, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "infractl_requests",
            "Inference requests by the release's version and HTTP status",
            ["version", "code"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "infractl_request_seconds",
            "Time from a request's headers to its answer, answered requests only",
            ["version"],
            buckets=_LATENCY_BUCKETS_S,
            registry=self._registry,
        )
        self._items = Histogram(
            "infractl_batch_items", "Items in one call of the model", ["version"], buckets=_ITEM_BUCKETS, registry=self._registry
        )
        # A label's child is looked up under a lock each time; there are few of them.
        self._count = lru_cache(maxsize=256)(self._requests.labels)
        self._time = lru_cache(maxsize=64)(self._seconds.labels)

    def answered(self, version: str, status: int, seconds: float) -> None:
        """A request ended with `status`; `version` is empty where it reached no release."""
        self._count(version, status).inc()
        if status == 200:
            self._time(version).observe(seconds)

    def batch_observer(self, version: str) -> Callable[[float], None]:
        """What is told the items of each call of that version."""
        return self._items.labels(version).observe

    def watch(self, *, queue_depth: Callable[[], float], in_flight: Callable[[], float]) -> None:
        """Gauges that are computed when somebody looks."""
        depth = Gauge("infractl_queue_depth", "Requests that wait for a session", registry=self._registry)
        depth.set_function(queue_depth)
        flight = Gauge(
            "infractl_in_flight_requests", "Inference requests between their headers and their answer", registry=self._registry
        )
        flight.set_function(in_flight)

    def render(self) -> bytes:
        """The text exposition format."""
        return generate_latest(self._registry)
