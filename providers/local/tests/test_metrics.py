"""Percentiles from buckets, against numpy over the values that were counted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from infractl_local.metrics import summary

BOUNDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)


def exposition(seconds: list[float], statuses: dict[str, int]) -> str:
    registry = CollectorRegistry()
    latency = Histogram("infractl_request_seconds", "latency", ["version"], buckets=BOUNDS, registry=registry)
    requests = Counter("infractl_requests", "requests", ["version", "code"], registry=registry)
    for value in seconds:
        latency.labels("2").observe(value)
    latency.labels("1").observe(0.09)
    requests.labels("1", "200").inc()
    for status, count in statuses.items():
        requests.labels("2", status).inc(count)
    return generate_latest(registry).decode()


@given(st.lists(st.floats(min_value=1e-6, max_value=0.1), min_size=1, max_size=60))
def test_a_percentile_lies_in_the_bucket_of_the_true_one(seconds: list[float]) -> None:
    found = summary(exposition(seconds, {}), "2")

    for name, share in (("p50_s", 0.5), ("p95_s", 0.95), ("p99_s", 0.99)):
        true = float(np.quantile(seconds, share, method="inverted_cdf"))
        upper = next(bound for bound in BOUNDS if true <= bound)
        lower = max((bound for bound in BOUNDS if bound < upper), default=0.0)
        assert lower <= found[name] <= upper * (1 + 1e-9)


def test_answers_slower_than_the_last_bound_give_that_bound() -> None:
    assert summary(exposition([5.0] * 10, {}), "2")["p50_s"] == pytest.approx(0.1)


def test_only_the_versions_own_requests_are_counted_and_only_server_errors_are_errors() -> None:
    found = summary(exposition([], {"200": 7, "400": 2, "503": 1}), "2")

    assert found == {"requests": 10.0, "errors": 1.0}
