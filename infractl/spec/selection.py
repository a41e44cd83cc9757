"""Which of a project's services a command is about: by name, by label, by what changed. What changed is found out elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from infractl.errors import Diagnostic, Severity, UsageError
from infractl.spec.changes import Changes
from infractl.spec.telling.suggest import closest, written
from infractl.spec.text import LABEL_KEY, LABEL_VALUE
from infractl.spec.yaml.document import Document

_TERM = re.compile(r"(?P<absent>!?)(?P<key>[^!=]*)(?:(?P<sign>==|=|!=)(?P<value>.*))?", re.DOTALL)


class LabelTest(NamedTuple):
    """One term of a selector. A `value` of None is any; `wanted`: whether a service must have it, or must not."""

    key: str
    value: str | None
    wanted: bool

    def holds(self, labels: Mapping[str, str]) -> bool:
        has = self.key in labels if self.value is None else labels.get(self.key) == self.value
        return has is self.wanted

    def __str__(self) -> str:
        if self.value is None:
            return self.key if self.wanted else f"!{self.key}"
        return f"{self.key}{'=' if self.wanted else '!='}{self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The services that fit all that is given; where nothing is, all. `changes`: one of those that changed."""

    names: tuple[str, ...] = ()
    labels: tuple[LabelTest, ...] = ()
    changes: Changes | None = None

    @property
    def partial(self) -> bool:
        return bool(self.names or self.labels or self.changes)

    def takes(self, file: Path, document: Document, laid: Document) -> bool:
        """Whether a service is meant, be it one with mistakes: as its document stands, and as the environment makes it."""
        if self.names and _name(document) not in self.names:
            return False
        labels = labels_of(laid) if self.labels else {}
        if not all(test.holds(labels) for test in self.labels):
            return False
        return self.changes is None or self.changes.touch(file, document, laid)

    def takes_removed(self, name: str) -> bool:
        """Whether a service is meant that is declared no more: labels it has none, not even to lack one."""
        if self.labels or (self.names and name not in self.names):
            return False
        return self.changes is None or self.changes.removed(name)

    def __str__(self) -> str:
        """As it was asked for: `--service fraud --label team=risk --changed-since main`."""
        words = [f"--service {name}" for name in self.names]
        words += [f"--label {','.join(map(str, self.labels))}"] if self.labels else []
        return " ".join([*words, *([f"--changed-since {self.changes.ref}"] if self.changes else [])])


EVERYTHING = Selection()


def label_tests(selectors: Sequence[str]) -> tuple[LabelTest, ...]:
    """The terms of `team=risk,tier!=test,gpu,!legacy`, of all selectors together. Raises UsageError."""
    return tuple(_test(term.strip(), selector) for selector in selectors for term in selector.split(","))


def _test(term: str, selector: str) -> LabelTest:
    found = _TERM.fullmatch(term)
    absent, key, sign, value = found.group("absent", "key", "sign", "value") if found else ("", "", None, None)
    key, value = key.strip(), value if value is None else value.strip()
    formed = re.fullmatch(LABEL_KEY.pattern or "", key) and (value is None or re.fullmatch(LABEL_VALUE.pattern or "", value))
    if not formed or (absent and sign):
        raise UsageError.of(
            "bad-selector",
            summary="a label selector cannot be read",
            detail=f"{written(term)} in --label {written(selector)} is no term",
            remedy="write KEY=VALUE, KEY!=VALUE, KEY or !KEY, with commas between: --label team=risk,tier!=test",
        )
    return LabelTest(key=key, value=value, wanted=not absent and sign != "!=")


def labels_of(document: Document) -> dict[str, str]:
    """As they stand, also in a document that has errors."""
    metadata = document.value.get("metadata") if isinstance(document.value, dict) else None
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    return {str(k): v for k, v in labels.items() if isinstance(v, str)} if isinstance(labels, dict) else {}


def unmatched(selection: Selection, documents: Iterable[Document]) -> Iterator[Diagnostic]:
    """A selector that fits no service at all, whatever else was asked for, is taken for a slip."""
    if not selection.labels:
        return
    every = [labels_of(document) for document in documents]
    if any(all(test.holds(labels) for test in selection.labels) for labels in every):
        return
    yield Diagnostic(
        slug="label-unmatched",
        severity=Severity.error,
        summary="no service has the labels that were asked for",
        detail=f"none of {len(every)} fits --label {','.join(map(str, selection.labels))}",
        remedy=_meant(selection.labels, every),
    )


def _meant(tests: Sequence[LabelTest], every: Sequence[Mapping[str, str]]) -> str:
    """The first term that speaks of a key or a value that no service has is the slip."""
    known = {key for labels in every for key in labels}
    for test in tests:
        values = sorted({labels[test.key] for labels in every if test.key in labels})
        if test.key not in known:
            match = closest(test.key, sorted(known))
            return f"did you mean {match}?" if match else f"use a label that services have: {_some(sorted(known))}"
        if test.value is not None and test.value not in values:
            match = closest(test.value, values)
            return f"did you mean {test.key}={match}?" if match else f"{test.key} is one of: {_some(values)}"
    return "leave a term out: no service fits all of them"


def _some(words: Sequence[Any]) -> str:
    return f"{', '.join(words[:10])}{', …' * (len(words) > 10)}" if words else "there is none; write them in metadata.labels"


def _name(document: Document) -> Any:
    node = document.node(("metadata", "name"))
    return node.value if node else None
