"""What the server counts, in Prometheus' words. Gauges are computed when somebody looks: a request pays for counters only."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

# Eight buckets a decade from 100us to 10s: a percentile read from them is at most a third off.
_LATENCY_BUCKETS_S = tuple(float(f"{10 ** (step / 8):.3g}") for step in range(-32, 9))
_ITEM_BUCKETS = (
    1.0,
    2.0,
    3.0,
    4.0,
    6.0,
    8.0,
    12.0,
    16.0,
    24.0,
    32.0,
    48.0,
    64.0,
    96.0,
    128.0,
    256.0,
    512.0,
    1024.0,
    2048.0,
    4096.0,
)


class Spread:
    """How many values fell into each bucket, and their sum. All is counted on one event loop, so that it needs no lock."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """A value belongs to the first bucket whose bound it does not exceed, or else to the one without a bound."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def add_to(self, family: HistogramMetricFamily, version: str) -> None:
        bounds = [*map(str, self._bounds), "+Inf"]
        family.add_metric([version], list(zip(bounds, accumulate(self._counts), strict=True)), self._sum)


class Metrics:
    """One server's, in a registry of their own. It is its own collector."""

    def __init__(self) -> None:
        self._requests: defaultdict[tuple[str, int], int] = defaultdict(int)
        self._seconds: defaultdict[str, Spread] = defaultdict(lambda: Spread(_LATENCY_BUCKETS_S))
        self._items: defaultdict[str, Spread] = defaultdict(lambda: Spread(_ITEM_BUCKETS))
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def answered(self, version: str, status: int, seconds: float) -> None:
        """A request ended with `status`; `version` is empty where it reached no release."""
        self._requests[version, status] += 1
        if status == 200:
            self._seconds[version].observe(seconds)

    def batch_observer(self, version: str) -> Callable[[float], None]:
        """What is told the items of each call of that version."""
        return self._items[version].observe

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

    def collect(self) -> Iterator[Metric]:
        """What was counted so far, for prometheus-client."""
        requests = CounterMetricFamily(
            "infractl_requests", "Inference requests by the release's version and HTTP status", labels=["version", "code"]
        )
        for (version, status), count in self._requests.items():
            requests.add_metric([version, str(status)], count)
        seconds = HistogramMetricFamily(
            "infractl_request_seconds", "Time from a request's headers to its answer, answered requests only", labels=["version"]
        )
        items = HistogramMetricFamily("infractl_batch_items", "Items in one call of the model", labels=["version"])
        for family, spreads in ((seconds, self._seconds), (items, self._items)):
            for version, spread in spreads.items():
                spread.add_to(family, version)
        yield from (requests, seconds, items)
