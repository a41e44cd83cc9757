"""Rules about limits of time, rates and sizes: their order, and what can never be zero."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from infractl.errors import Diagnostic
from infractl.spec.rule.subject import Rule, Subject
from infractl.spec.schema.quantities import quantities_in
from infractl.spec.section.rollout import Limits
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
    for path in _zeros(subject, "duration"):
        yield error(
            "duration-positive",
            "a duration is zero where something needs time",
            f"{dotted(path)} is {subject.written(*path)}",
            subject.mark(*path),
            f"raise {dotted(path)}, or remove it where there is no limit",
        )


def rate_positive(subject: Subject) -> Iterator[Diagnostic]:
    """A service without any traffic needs no placement; where traffic is not known, it is left out."""
    for path in _zeros(subject, "rate"):
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
    for path in _zeros(subject, "size"):
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
    for key, latency in (("ttft", promised.ttft), ("tpot", promised.tpot)):
        if latency.p95 is not None:
            pairs[key, f"slo.{key}.p95"] = latency.p95
    if promised.error_rate is not None:
        pairs["errorRate", "slo.errorRate"] = promised.error_rate
    given: Mapping[str, float | None] = {
        "p50": allowed.p50,
        "p95": allowed.p95,
        "p99": allowed.p99,
        "ttft": allowed.ttft,
        "tpot": allowed.tpot,
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
                f"add p50, p95, p99, ttft, tpot, errorRate or shift to {dotted(path)}, or remove it",
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


def _zeros(subject: Subject, named: str) -> Iterator[Keys]:
    """Where a quantity of a sort is zero that may not be."""
    for path, quantity, value in quantities_in(subject.spec):
        if quantity.named == named and not quantity.may_be_zero and value <= 0:
            yield path


RULES: tuple[Rule, ...] = (
    latency_order,
    duration_positive,
    rate_positive,
    size_positive,
    promise_absolute,
    rollback_within_slo,
    no_condition,
)
