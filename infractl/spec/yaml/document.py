"""A YAML document as plain values, each value and each key with its place in the file. Nothing here knows what the keys mean."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from infractl.errors import Diagnostic, Mark
from infractl.spec.yaml.limit import cut

Path = tuple[str | int, ...]
"""Keys and list indexes from the root: `("spec", "targets", 0)`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """A file's name as the user would type it, and its lines, for marks.

    What begins at one of `secrets`, a line and a column each, is never shown, nor is what stands behind it on its line, which
    is cut there: see `spec/conceal.py`.
    """

    file: str
    lines: tuple[str, ...]
    secrets: Set[tuple[int, int]] = frozenset()
    cuts: Mapping[int, int] = field(default_factory=dict)


class Span(NamedTuple):
    """Where something starts and ends, counted from 0 as YAML libraries do, and in which file: a document may be merged."""

    line: int
    column: int
    end_line: int
    end_column: int
    source: Source

    @property
    def empty(self) -> bool:
        return (self.line, self.column) == (self.end_line, self.end_column)

    @property
    def hidden(self) -> bool:
        """Whether it may not be shown."""
        return (self.line, self.column) in self.source.secrets

    @property
    def mark(self) -> Mark:
        """What reaches past the first line is marked up to that line's end, or up to where nothing may be shown."""
        lines, cut = self.source.lines, self.source.cuts.get(self.line)
        text = lines[self.line] if self.line < len(lines) else ""
        end = self.end_column if self.end_line == self.line else len(text.rstrip())
        if cut is not None:
            end, text = min(end, cut), "" if self.column >= cut else text[:cut].rstrip()
        width = max(1, end - self.column)
        return Mark(file=self.source.file, line=self.line + 1, column=self.column + 1, width=width, text=text)

    def starts_with(self, other: Span) -> bool:
        """Whether both start at one place."""
        return (self.line, self.column, self.source) == (other.line, other.column, other.source)


class Node(NamedTuple):
    """A value and where it stands. `children` are by key or index, `keys` the places of a mapping's keys; `size` counts
    nodes, a long text as several.

    A key without a child was removed by a patch, at that place.
    """

    value: Any
    span: Span
    children: Mapping[str | int, Node]
    keys: Mapping[str, Span]
    size: int = 1

    @property
    def head(self) -> Span:
        """A mapping that spans lines is pointed at by its first key: nobody reads carets under a whole block."""
        first = next(iter(self.keys.values()), None)
        return first if first and first.starts_with(self.span) else self.span

    @property
    def written(self) -> str:
        """The value as it stands in its file, without what follows its first line."""
        if self.span.empty:
            return ""
        mark = self.span.mark
        return mark.text[mark.column - 1 : mark.column - 1 + mark.width]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Document:
    """One document of a file, or what patches of other files made of it.

    `problems` are its own: duplicate keys, tags; a value is there nevertheless.
    """

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
        return found.head.mark

    def key_mark(self, path: Path) -> Mark | None:
        """The place of the key that leads to the path; of the value itself for the root and for list items."""
        parent = self.node(path[:-1]) if path else None
        key = parent.keys.get(str(path[-1])) if parent and isinstance(path[-1], str) else None
        if key is None:
            found = self.node(path)
            return found.head.mark if found else None
        return key.mark

    def nearest_mark(self, path: Path) -> Mark:
        """The key at the path, or the nearest above it that the document holds, or that a patch took out of it."""
        while path:
            if mark := self.key_mark(path):
                return mark
            path = path[:-1]
        return self.root.head.mark

    def written(self, path: Path) -> str:
        """The value at the path as it stands in its file, without what follows its first line, and cut where it is long."""
        found = self.node(path)
        return cut(found.written) if found else ""

    def troubled(self, mark: Mark) -> bool:
        """Whether one of the document's own problems lies within a mark: what was made of it says nothing more."""
        return any(_covers(mark, problem.at) for problem in self.problems)


def _covers(mark: Mark, at: Mark | str | None) -> bool:
    """Whether a mark takes in the start of another."""
    if not isinstance(at, Mark) or (at.file, at.line) != (mark.file, mark.line):
        return False
    return mark.column <= at.column < mark.column + mark.width
