"""Rules about lists: no value and no name twice. One of the two is mostly a slip for another."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence

from infractl.errors import Diagnostic, Mark
from infractl.spec.rule.subject import Rule, Subject
from infractl.spec.section.optimize import Quantization
from infractl.spec.telling.problem import error
from infractl.spec.telling.suggest import written
from infractl.spec.validate import dotted
from infractl.spec.yaml.document import Document
from infractl.spec.yaml.document import Path as Keys


def repeated_value(subject: Subject) -> Iterator[Diagnostic]:
    """A list of what may be used, tried or spoken."""
    spec = subject.spec
    quantization = spec.optimize.passes.quantization
    precisions = quantization.precisions if isinstance(quantization, Quantization) else ()
    lists: dict[Keys, Iterable[Hashable]] = {
        ("targets",): spec.targets,
        ("hardware", "classes"): spec.hardware.classes,
        ("hardware", "regions"): spec.hardware.regions,
        ("hardware", "allow"): spec.hardware.allow,
        ("hardware", "deny"): spec.hardware.deny,
        ("serving", "protocols"): spec.serving.protocols,
        ("lifecycle", "ignoreChanges"): spec.lifecycle.ignore_changes,
        ("optimize", "passes", "quantization", "precisions"): precisions,
    }
    for path, values in lists.items():
        yield from values_twice(subject.document, ("spec", *path), values)
    crons = [period.cron for period in spec.traffic.schedule]
    yield from values_twice(subject.document, ("spec", "traffic", "schedule"), crons, "cron")


def repeated_name(subject: Subject) -> Iterator[Diagnostic]:
    """An alert is known by its name."""
    names = [alert.name for alert in subject.spec.monitoring.alerts]
    yield from names_twice(subject.document, ("spec", "monitoring", "alerts"), names)


def values_twice(document: Document, path: Keys, values: Iterable[Hashable], key: str = "") -> Iterator[Diagnostic]:
    """The second one does nothing, and is mostly a slip for another."""
    for detail, mark in _twice(document, path, key, tuple(values)):
        yield error("repeated-value", "a list holds a value twice", detail, mark, "remove one of the two, or correct it")


def names_twice(document: Document, path: Keys, names: Iterable[str]) -> Iterator[Diagnostic]:
    """Each is known by its name: of two with one name nobody could tell which is meant."""
    for detail, mark in _twice(document, path, "name", tuple(names)):
        yield error("repeated-name", "two items of a list have the same name", detail, mark, "give one of the two another name")


def _twice(document: Document, path: Keys, key: str, values: Sequence[Hashable]) -> Iterator[tuple[str, Mark]]:
    """Each value that stands there again, told once. `path` begins at the document's root; `key` is the value's in each item."""
    if len(set(values)) == len(values):
        return
    first: dict[Hashable, int] = {}
    told: set[Hashable] = set()
    for index, value in enumerate(values):
        if value in first and value not in told:
            told.add(value)
            place = (*path, index, key) if key else (*path, index)
            detail = f"{written(str(value))} stands at {dotted((path[-1], first[value]))} as well"
            yield detail, document.mark(place) or document.nearest_mark(place)
        first.setdefault(value, index)


RULES: tuple[Rule, ...] = (
    repeated_value,
    repeated_name,
)
