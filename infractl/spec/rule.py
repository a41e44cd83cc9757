"""What must hold between the fields of a service, and between them and the project: one small function and one slug each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from infractl.errors import Diagnostic, Mark, Severity
from infractl.spec.find import SCHEME, is_directory, is_file, locate, neighbours, shown
from infractl.spec.service import ServiceSpec
from infractl.spec.suggest import closest, did_you_mean, written
from infractl.spec.yaml.document import Document


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A service's spec and what a rule may ask besides.

    `uri` is the model's and `targets` are the project's; None where that part of the documents is broken. `neighbours` names
    the files of a directory, for suggestions: a cached one reads a directory once for all services.
    """

    spec: ServiceSpec
    uri: str | None
    document: Document
    directory: Path
    root: Path
    targets: Mapping[str, Any] | None
    neighbours: Callable[[Path], Sequence[str]] = neighbours

    @cached_property
    def model(self) -> Path | None:
        """The model's path with symlinks followed; None where the uri is no path."""
        return locate(self.uri, self.directory) if self.uri else None

    @cached_property
    def model_inside(self) -> bool:
        return self.model is None or self.model.is_relative_to(self.root.resolve())

    def mark(self, *path: str | int) -> Mark:
        full = ("spec", *path)
        return self.document.mark(full) or self.document.nearest_mark(full)

    def written(self, *path: str | int) -> str:
        return self.document.written(("spec", *path))


Rule = Callable[[Subject], Iterator[Diagnostic]]


def broken(subject: Subject) -> list[Diagnostic]:
    """What the rules find."""
    return [diagnostic for rule in RULES for diagnostic in rule(subject)]


def latency_order(subject: Subject) -> Iterator[Diagnostic]:
    """p50 <= p95 <= p99."""
    limits = subject.spec.slo.latency.limits_s
    for low, high in zip(limits, list(limits)[1:], strict=False):
        if limits[low] > limits[high]:
            lower, higher = (subject.written("slo", "latency", f"p{p}") for p in (low, high))
            yield _error(
                "latency-order",
                "a higher percentile is smaller than a lower one",
                f"p{high} is {higher} and p{low} is {lower}",
                subject.mark("slo", "latency", f"p{high}"),
                f"raise slo.latency.p{high} to at least {lower}, or lower p{low}",
            )


def traffic_order(subject: Subject) -> Iterator[Diagnostic]:
    """average <= peak."""
    average, peak = subject.spec.traffic.average, subject.spec.traffic.peak
    if average is not None and peak is not None and average > peak:
        given = subject.written("traffic", "average")
        yield _error(
            "traffic-order",
            "the average traffic is higher than its peak",
            f"average is {given} and peak is {subject.written('traffic', 'peak')}",
            subject.mark("traffic", "average"),
            f"raise traffic.peak to at least {given}, or lower traffic.average",
        )


def budget_positive(subject: Subject) -> Iterator[Diagnostic]:
    monthly = subject.spec.budget.monthly
    if monthly is not None and monthly.amount <= 0:
        yield _error(
            "budget-positive",
            "a budget is zero",
            f"{subject.written('budget', 'monthly')} buys nothing",
            subject.mark("budget", "monthly"),
            "raise budget.monthly, or remove it where there is no limit",
        )


def duration_positive(subject: Subject) -> Iterator[Diagnostic]:
    """No model answers in no time; a delay of 0 is fine."""
    for percentile, limit_s in subject.spec.slo.latency.limits_s.items():
        if limit_s <= 0:
            key = f"p{percentile}"
            yield _error(
                "duration-positive",
                "a latency limit is zero",
                f"{subject.written('slo', 'latency', key)} can never be met",
                subject.mark("slo", "latency", key),
                f"raise slo.latency.{key}, or remove it where there is no limit",
            )


def rate_positive(subject: Subject) -> Iterator[Diagnostic]:
    rates = {
        ("slo", "throughput"): subject.spec.slo.throughput,
        ("traffic", "average"): subject.spec.traffic.average,
        ("traffic", "peak"): subject.spec.traffic.peak,
    }
    for path, per_s in rates.items():
        if per_s is not None and per_s <= 0:
            yield _error(
                "rate-positive",
                "a rate is zero",
                f"{subject.written(*path)} is no traffic",
                subject.mark(*path),
                f"raise {'.'.join(path)}, or remove it where it is not known",
            )


def unknown_target(subject: Subject) -> Iterator[Diagnostic]:
    for index, target in enumerate(subject.spec.targets):
        if subject.targets is not None and target not in subject.targets:
            yield _error(
                "unknown-target",
                "a target is not in infractl.yaml",
                f"{target} is not a target of this project",
                subject.mark("targets", index),
                did_you_mean(target, tuple(subject.targets), "add it to infractl.yaml, or use one of"),
            )


def uri_scheme(subject: Subject) -> Iterator[Diagnostic]:
    if found := SCHEME.match(subject.uri or ""):
        yield _error(
            "uri-scheme",
            "a model can only be a file of the project so far",
            f"{found[0]} is not acted on yet",
            subject.mark("model", "uri"),
            "copy the model into the project, and write its path: ./models/model.onnx",
        )


def model_outside_project(subject: Subject) -> Iterator[Diagnostic]:
    """Symlinks are followed: what a link names may lie anywhere."""
    path = subject.model
    if path is not None and not subject.model_inside:
        yield _error(
            "model-outside-project",
            "the model's path leaves the project",
            f"it leads to {shown(path)}",
            subject.mark("model", "uri"),
            f"move the model below {shown(subject.root)}, or infractl.yaml to a directory above both",
        )


def model_missing(subject: Subject) -> Iterator[Diagnostic]:
    path, uri = subject.model, subject.uri
    if not uri or SCHEME.match(uri) or not subject.model_inside or (path and is_file(path)):
        return
    place = shown(path) if path else written(uri)
    if path and is_directory(path):
        detail, remedy = f"{place} is a directory", "name the model file in it"
    else:
        near = closest(path.name, subject.neighbours(path.parent)) if path else None
        detail = f"there is no file {place}"
        remedy = f"did you mean {near}?" if near else "put the model there, or correct the path: it starts beside this document"
    yield _error("model-missing", "the model's path names no file", detail, subject.mark("model", "uri"), remedy)


RULES: tuple[Rule, ...] = (
    latency_order,
    traffic_order,
    budget_positive,
    duration_positive,
    rate_positive,
    unknown_target,
    uri_scheme,
    model_outside_project,
    model_missing,
)


def duplicate_service(documents: Iterable[Document]) -> Iterator[Diagnostic]:
    """Two documents with one name. Their names are read as they stand, so that a document with other errors counts as well."""
    first: dict[str, Mark] = {}
    path = ("metadata", "name")
    for document in documents:
        name, mark = document.node(path), document.mark(path)
        if name is None or mark is None or not isinstance(name.value, str):
            continue
        if name.value in first:
            yield _error(
                "duplicate-service",
                "two services have the same name",
                f"{name.value} is also at {first[name.value]}",
                mark,
                "give one of the two another name",
            )
        first.setdefault(name.value, mark)


def _error(slug: str, summary: str, detail: str, at: Mark, remedy: str) -> Diagnostic:
    return Diagnostic(slug=slug, severity=Severity.error, summary=summary, detail=detail, at=at, remedy=remedy)
