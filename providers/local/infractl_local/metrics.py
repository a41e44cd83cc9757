"""A server's Prometheus text as the few figures that infractl compares with what was promised. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping

PERCENTILES = {"p50_s": 0.50, "p95_s": 0.95, "p99_s": 0.99}

FIRST_SERVER_ERROR = 500

NO_RELEASE = ""
"""The version of requests that were answered before they reached any."""


def summary(text: str, version: str) -> dict[str, float]:
    """Of one version since the server started: requests, errors (status 500 and above), percentiles of what was answered."""
    from prometheus_client.parser import text_string_to_metric_families

    requests = errors = 0.0
    buckets: defaultdict[float, float] = defaultdict(float)
    for sample in (s for family in text_string_to_metric_families(text) for s in family.samples):
        of = sample.labels.get("version")
        if sample.name == "infractl_requests_total" and of in (version, NO_RELEASE):
            requests += sample.value
            errors += sample.value if int(sample.labels["code"]) >= FIRST_SERVER_ERROR else 0.0
        elif sample.name == "infractl_request_seconds_bucket" and of == version:
            buckets[float(sample.labels["le"])] += sample.value
    return {"requests": requests, "errors": errors, **percentiles(buckets)}


def percentiles(buckets: Mapping[float, float]) -> dict[str, float]:
    """From cumulative counts by upper bound. Empty where nothing was counted."""
    ordered = sorted(buckets.items())
    if not ordered or not ordered[-1][1]:
        return {}
    return {name: quantile(ordered, share) for name, share in PERCENTILES.items()}


def quantile(buckets: Iterable[tuple[float, float]], share: float) -> float:
    """Linear within the bucket that holds the rank, as Prometheus' `histogram_quantile`; past the last bound, that bound."""
    ordered = list(buckets)
    rank = share * ordered[-1][1]
    low, below = 0.0, 0.0
    for bound, count in ordered:
        if count >= rank and count > below:
            return low if math.isinf(bound) else low + (bound - low) * (rank - below) / (count - below)
        low, below = bound, count
    return low
