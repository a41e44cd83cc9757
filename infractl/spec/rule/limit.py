"""Rules about limits of time, rates and sizes: their order, and what can never be zero."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from infractl.errors import Diagnostic
from infractl.spec.rule.subject import Rule, Subject
from infractl.spec.section.rollout import Limits
from infractl.spec.section.serving import Cache, RateLimit
from infractl.spec.section.slo import Latency
from infractl.spec.service import ServiceSpec
from infractl.spec.telling.problem import error, warning
from infractl.spec.validate import dotted
from infractl.spec.yaml.document import Path as Keys


def latency_order(subject: Subject) -> Iterator[Diagnostic]:
    """More requests are within a higher percentile, so that p50 <= p95 <= p99 wherever percentiles are limited."""
    for path, limits in percentiles(subject.spec):
        for low, high in pairwise(limits):
            if limits[low] > limits[high]:
                lower, higher = (subject.written(*path, f"p{p}") for p in (low, high))
                yield error(
                    "latency-order",
                    "a higher percentile is smaller than a lower one",
                    f"p{high} is {higher} and p{low} is {lower}",
                    subject.mark(*path, f"p{high}"),
                    f"raise {dotted(path)}.p{high} to at least {lower}, or lower p{low}",
                )


def duration_positive(subject: Subject) -> Iterator[Diagnostic]:
    """Nothing is answered, kept or compared in no time. A delay, a bake or an alert's pause of 0 is fine."""
    for path, duration_s in _durations(subject.spec):
        if duration_s is not None and duration_s <= 0:
            yield error(
                "duration-positive",
                "a duration is zero where something needs time",
                f"{dotted(path)} is {subject.written(*path)}",
                subject.mark(*path),
                f"raise {dotted(path)}, or remove it where there is no limit",
            )


def rate_positive(subject: Subject) -> Iterator[Diagnostic]:
    """A service without any traffic needs no placement; where traffic is not known, it is left out."""
    for path, per_s in _rates(subject.spec):
        if per_s is not None and per_s <= 0:
            absent = "there is no limit" if path[0] == "serving" else "it is not known"
            yield error(
                "rate-positive",
                "a rate is zero",
                f"{dotted(path)} is {subject.written(*path)}: no traffic",
                subject.mark(*path),
                f"raise {dotted(path)}, or remove it where {absent}",
            )


def size_positive(subject: Subject) -> Iterator[Diagnostic]:
    """Nothing fits into no memory."""
    for path, size_bytes in _sizes(subject):
        if size_bytes is not None and size_bytes <= 0:
            yield error(
                "size-positive",
                "a size is zero",
                f"{dotted(path)} is {subject.written(*path)}: nothing fits into it",
                subject.mark(*path),
                f"raise {dotted(path)}, or remove it where there is no limit",
            )


def promise_absolute(subject: Subject) -> Iterator[Diagnostic]:
    """Machines fail: no provider promises 100%, so that no placement could be proved to keep it."""
    slo = subject.spec.slo
    for key, broken, instead in (
        ("availability", slo.availability == 1, "99.9%"),
        ("errorRate", slo.error_rate == 0, "0.1%"),
    ):
        if broken:
            yield error(
                "promise-absolute",
                "an SLO leaves no room for a single failure",
                f"nothing can promise an {key} of {subject.written('slo', key)}",
                subject.mark("slo", key),
                f"write what callers can live with, such as {instead}, or remove slo.{key}",
            )


def rollback_within_slo(subject: Subject) -> Iterator[Diagnostic]:
    """A warning, since it may be meant: a release that keeps its SLO is then taken back."""
    promised, allowed = subject.spec.slo, subject.spec.rollout.rollback_on
    pairs = {(f"p{p}", f"slo.latency.p{p}"): limit for p, limit in promised.latency.limits_s.items()}
    if promised.error_rate is not None:
        pairs["errorRate", "slo.errorRate"] = promised.error_rate
    given: Mapping[str, float | None] = {
        "p50": allowed.p50,
        "p95": allowed.p95,
        "p99": allowed.p99,
        "errorRate": allowed.error_rate,
    }
    for (key, slo_key), limit in pairs.items():
        stricter = given[key]
        if stricter is not None and stricter < limit:
            written = subject.written(*slo_key.split("."))
            yield warning(
                "rollback-within-slo",
                "a release that keeps its SLO would be rolled back",
                f"rollout.rollbackOn.{key} is {subject.written('rollout', 'rollbackOn', key)} and {slo_key} is {written}",
                subject.mark("rollout", "rollbackOn", key),
                f"raise rollout.rollbackOn.{key} to at least {written}",
            )


def no_condition(subject: Subject) -> Iterator[Diagnostic]:
    """Limits without a limit are never exceeded: nobody is told, and nothing is rolled back."""
    places: list[Keys] = [("monitoring", "alerts", i, "when") for i, _ in enumerate(subject.spec.monitoring.alerts)]
    for path in (*places, ("rollout", "rollbackOn")):
        node = subject.document.node(("spec", *path))
        if node is not None and node.value == {}:
            yield error(
                "no-condition",
                "a condition names nothing that could be exceeded",
                f"{dotted(path)} is empty",
                subject.key_mark(*path),
                f"add p50, p95, p99, errorRate or shift to {dotted(path)}, or remove it",
            )


def percentiles(spec: ServiceSpec) -> Iterator[tuple[Keys, dict[int, float]]]:
    """Every place where percentiles are limited, with the limits that are set, in seconds."""
    yield ("slo", "latency"), spec.slo.latency.limits_s
    yield ("slo", "ttft"), spec.slo.ttft.limits_s
    yield ("slo", "tpot"), spec.slo.tpot.limits_s
    for path, limits in conditions(spec):
        yield path, Latency(p50=limits.p50, p95=limits.p95, p99=limits.p99).limits_s


def conditions(spec: ServiceSpec) -> Iterator[tuple[Keys, Limits]]:
    """Every condition that rolls back or alerts."""
    yield ("rollout", "rollbackOn"), spec.rollout.rollback_on
    for index, alert in enumerate(spec.monitoring.alerts):
        yield ("monitoring", "alerts", index, "when"), alert.when


def _durations(spec: ServiceSpec) -> Iterator[tuple[Keys, float | None]]:
    for path, limits in percentiles(spec):
        yield from (((*path, f"p{p}"), limit) for p, limit in limits.items())
    yield ("slo", "completion"), spec.slo.completion
    yield ("serving", "timeout"), spec.serving.timeout
    yield ("optimize", "limit", "time"), spec.optimize.limit.time
    if isinstance(spec.serving.cache, Cache):
        yield ("serving", "cache", "ttl"), spec.serving.cache.ttl
    if spec.monitoring.shift:
        yield ("monitoring", "shift", "window"), spec.monitoring.shift.window
    if spec.async_:
        yield ("async", "retention"), spec.async_.retention


def _rates(spec: ServiceSpec) -> Iterator[tuple[Keys, float | None]]:
    yield ("slo", "throughput"), spec.slo.throughput
    yield ("slo", "tokenThroughput"), spec.slo.token_throughput
    yield ("traffic", "average"), spec.traffic.average
    yield ("traffic", "peak"), spec.traffic.peak
    if isinstance(spec.serving.rate_limit, RateLimit):
        yield ("serving", "rateLimit", "rate"), spec.serving.rate_limit.rate
    else:
        yield ("serving", "rateLimit"), spec.serving.rate_limit


def _sizes(subject: Subject) -> Iterator[tuple[Keys, int | None]]:
    spec = subject.spec
    yield ("serving", "maxPayload"), spec.serving.max_payload
    yield ("optimize", "limit", "memory"), spec.optimize.limit.memory
    if isinstance(spec.serving.cache, Cache):
        yield ("serving", "cache", "size"), spec.serving.cache.size
    for path, model in subject.models.items():
        yield (*path, "container", "resources", "memory"), model.container.resources.memory


RULES: tuple[Rule, ...] = (
    latency_order,
    duration_positive,
    rate_positive,
    size_positive,
    promise_absolute,
    rollback_within_slo,
    no_condition,
)
