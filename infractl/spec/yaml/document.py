"""A YAML document as plain values, each value and each key with its place in the file. Nothing here knows what the keys mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from infractl.errors import Diagnostic, Mark

Path = tuple[str | int, ...]
"""Keys and list indexes from the root: `("spec", "targets", 0)`."""


class Span(NamedTuple):
    """Where something starts and ends, counted from 0 as YAML libraries do."""

    line: int
    column: int
    end_line: int
    end_column: int

    @property
    def empty(self) -> bool:
        return (self.line, self.column) == (self.end_line, self.end_column)


class Node(NamedTuple):
    """A value and where it stands. `children` are by key or index, `keys` the places of a mapping's keys; `size` counts nodes."""

    value: Any
    span: Span
    children: Mapping[str | int, Node]
    keys: Mapping[str, Span]
    size: int = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """A file's name as the user would type it, and its lines, for marks."""

    file: str
    lines: tuple[str, ...]

    def mark(self, span: Span) -> Mark:
        """What reaches past the first line is marked up to that line's end."""
        text = self.lines[span.line] if span.line < len(self.lines) else ""
        end = span.end_column if span.end_line == span.line else len(text.rstrip())
        width = max(1, end - span.column)
        return Mark(file=self.file, line=span.line + 1, column=span.column + 1, width=width, text=text)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Document:
    """One document of a file. `problems` are its own: duplicate keys, tags; a value is there nevertheless."""

    source: Source
    root: Node
    problems: tuple[Diagnostic, ...] = ()

    @property
    def file(self) -> str:
        return self.source.file

    @property
    def value(self) -> Any:
        return self.root.value

    def node(self, path: Path) -> Node | None:
        """What stands at the path; None where nothing does."""
        found: Node | None = self.root
        for part in path:
            found = found.children.get(part) if found else None
        return found

    def mark(self, path: Path) -> Mark | None:
        """The place of the value at the path; of its key where the value is left empty."""
        found = self.node(path)
        if found is None:
            return None
        if found.span.empty and path:
            return self.key_mark(path)
        return self.source.mark(self._head(found))

    def key_mark(self, path: Path) -> Mark | None:
        """The place of the key that leads to the path; of the value itself for the root and for list items."""
        parent = self.node(path[:-1]) if path else None
        key = parent.keys.get(str(path[-1])) if parent and isinstance(path[-1], str) else None
        if key is None:
            found = self.node(path)
            return self.source.mark(self._head(found)) if found else None
        return self.source.mark(key)

    def nearest_mark(self, path: Path) -> Mark:
        """The key at the path, or the nearest above it that the document holds."""
        while path:
            if mark := self.key_mark(path):
                return mark
            path = path[:-1]
        return self.source.mark(self._head(self.root))

    def written(self, path: Path) -> str:
        """The value at the path as it stands in the file, without what follows its first line."""
        found = self.node(path)
        if found is None:
            return ""
        mark = self.source.mark(found.span)
        return mark.text[mark.column - 1 : mark.column - 1 + mark.width] if not found.span.empty else ""

    @staticmethod
    def _head(node: Node) -> Span:
        """A mapping that spans lines is pointed at by its first key: nobody reads carets under a whole block."""
        first = next(iter(node.keys.values()), None)
        return first if first and (first.line, first.column) == (node.span.line, node.span.column) else node.span
