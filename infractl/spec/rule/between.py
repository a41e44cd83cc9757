"""Rules between services: their names, and the names that they had before.

Names are read as they stand, so that a document with other errors counts as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from infractl.errors import Diagnostic, Mark
from infractl.spec.telling.problem import error
from infractl.spec.yaml.document import Document
from infractl.spec.yaml.document import Path as Keys

_NAME: Keys = ("metadata", "name")
_BEFORE: Keys = ("spec", "lifecycle", "movedFrom")


def duplicate_service(documents: Sequence[Document]) -> Iterator[Diagnostic]:
    """A service is known by its name, in state, in clouds and in bills."""
    first: dict[str, Mark] = {}
    for name, document in _named(documents, _NAME):
        mark = _mark(document, _NAME)
        if name in first:
            yield error(
                "duplicate-service",
                "two services have the same name",
                f"{name} is also at {first[name]}",
                mark,
                "give one of the two another name",
            )
        first.setdefault(name, mark)


def moved_from_itself(documents: Sequence[Document]) -> Iterator[Diagnostic]:
    """A move needs two names: the one before, and the one now."""
    for before, document in _named(documents, _BEFORE):
        if _text(document, _NAME) == before:
            yield error(
                "moved-from-itself",
                "a service is moved from its own name",
                f"it is called {before}",
                _mark(document, _BEFORE),
                "write the name that it had before, or remove lifecycle.movedFrom",
            )


def moved_from_declared(documents: Sequence[Document]) -> Iterator[Diagnostic]:
    """What runs under a name belongs to the service that has it: another one cannot take it over."""
    declared: Mapping[str, Document] = dict(_named(documents, _NAME))
    for before, document in _named(documents, _BEFORE):
        if before in declared and _text(document, _NAME) != before:
            yield error(
                "moved-from-declared",
                "a service is moved from a name that another service still has",
                f"{before} is declared at {_mark(declared[before], _NAME)}",
                _mark(document, _BEFORE),
                f"remove the document of {before}, or lifecycle.movedFrom here",
            )


def moved_twice(documents: Sequence[Document]) -> Iterator[Diagnostic]:
    """What runs can become one service."""
    first: dict[str, Mark] = {}
    for before, document in _named(documents, _BEFORE):
        mark = _mark(document, _BEFORE)
        if before in first:
            yield error(
                "moved-twice",
                "two services are moved from the same name",
                f"{before} is also claimed at {first[before]}",
                mark,
                "keep lifecycle.movedFrom in the service that what runs becomes",
            )
        first.setdefault(before, mark)


def moves(documents: Sequence[Document]) -> Mapping[str, str]:
    """The names that services had before, each with the present one."""
    return {before: name for before, document in _named(documents, _BEFORE) if (name := _text(document, _NAME))}


def _named(documents: Sequence[Document], path: Keys) -> Iterator[tuple[str, Document]]:
    """The documents that have a text there."""
    for document in documents:
        if name := _text(document, path):
            yield name, document


def _text(document: Document, path: Keys) -> str | None:
    node = document.node(path)
    return node.value if node and isinstance(node.value, str) and node.value else None


def _mark(document: Document, path: Keys) -> Mark:
    return document.mark(path) or document.nearest_mark(path)
