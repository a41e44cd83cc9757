"""What an environment lays over services: its patches and values, and which of a service's values came of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from infractl.domain.given import Given
from infractl.errors import Diagnostic, Diagnostics
from infractl.spec.environment.values import Values, fill, sources
from infractl.spec.validate import dotted
from infractl.spec.yaml.document import Document, Node, Path, Span
from infractl.spec.yaml.limit import first
from infractl.spec.yaml.merge import merge


class Overlay(NamedTuple):
    """`patch` is for every service, `patches` for single ones by name. `problems` are those of the files that they come from.

    What a command line tries out comes last: `what_if`.
    """

    values: Values
    patch: Node | None = None
    patches: Mapping[str, Node] = {}
    problems: tuple[Diagnostic, ...] = ()
    what_if: tuple[Node, ...] = ()


class Laid(NamedTuple):
    """A service's document in an environment, and what came from there."""

    document: Document
    given: tuple[Given, ...]


def lay(document: Document, overlay: Overlay, problems: Diagnostics) -> Laid:
    """The document with the patches and with values for what refers to them; itself where neither concerns it."""
    merged = document.root
    for patch in (overlay.patch, overlay.patches.get(_name(document)), *overlay.what_if):
        merged = merge(merged, patch) if patch else merged
    unknown = Diagnostics()
    filled = fill(merged, overlay.values, unknown)
    problems.extend(first(unknown))
    if filled is document.root and not unknown.errors:
        return Laid(document, ())
    given = _given(document.root, merged, filled, (), overlay.values)
    all_problems = (*document.problems, *overlay.problems, *unknown)
    return Laid(Document(source=document.source, root=filled, problems=all_problems), tuple(given))


def _name(document: Document) -> str:
    """A service's name is read as it stands, so that one with errors is patched as well."""
    node = document.node(("metadata", "name"))
    return node.value if node and isinstance(node.value, str) else ""


def _given(before: Node | None, merged: Node, filled: Node, path: Path, values: Values) -> Iterator[Given]:
    """Each value that differs between a service's own document and what was made of it, in the order of the latter.

    A list that a patch put in counts as one value; in the service's own list each item does.
    """
    if filled is before:
        return
    if not _opened(before, merged):
        yield _one(before, merged, filled, path, values)
        return
    own = before.children if before else {}
    for key, child in filled.children.items():
        yield from _given(own.get(key), merged.children[key], child, (*path, key), values)
    for key, node in own.items():
        if key not in filled.children:
            yield Given(path=dotted((*path, key)), value=None, before=_text(node), at=_line(filled.keys[str(key)]))


def _opened(before: Node | None, merged: Node) -> bool:
    """Whether what is inside was changed, and not the whole."""
    if isinstance(merged.value, dict):
        return isinstance(before.value, dict) if before else bool(merged.value)
    return merged is before and isinstance(merged.value, list)


def _one(before: Node | None, merged: Node, filled: Node, path: Path, values: Values) -> Given:
    """Where values were put into a longer text, their places say where it came from."""
    places = dict.fromkeys(_line(node.span) for node in sources(merged.value, values)) or [_line(filled.span)]
    return Given(path=dotted(path), value=_text(filled), before=_text(before) if before else None, at=", ".join(places))


def _line(span: Span) -> str:
    return f"{span.source.file}:{span.line + 1}"


def _text(node: Node) -> str:
    """A value on one line: texts as they are, the others as they are written. A secret is not shown."""
    if node.span.hidden:
        return "…"
    match node.value:
        case str():
            return node.value
        case dict():
            return "{" + ", ".join(f"{key}: {_text(child)}" for key, child in node.children.items()) + "}"
        case list():
            return "[" + ", ".join(_text(child) for child in node.children.values()) + "]"
        case None:
            return "null"
        case _:
            return node.written
