"""Scalars of several lines, moved to another column: what YAML folds away may change, what is content never."""

from __future__ import annotations

import re
from typing import NamedTuple

from infractl.spec.yaml.layout.piece import UnsafeLayout

STEP = 2
"""Columns for each level."""


class BlockText(NamedTuple):
    """The lines below a block scalar's header. `blank` lines follow that are no content; `open`: no line break ends it."""

    lines: tuple[str, ...]
    blank: int
    open: bool


def flow_lines(text: str, column: int) -> list[str]:
    """A plain or quoted scalar: its first line, and the others at the column."""
    first, *others = text.split("\n")
    if not others:
        return [first]
    *inner, last = (line.lstrip(" \t") for line in others)
    lines = [_without_tail(first), *map(_without_tail, inner), last]
    return [lines[0], *(f"{' ' * column}{line}" if line else "" for line in lines[1:])]


def _without_tail(line: str) -> str:
    r"""Blanks before a folded line break mean nothing; after a backslash the first of them is content (`\ `)."""
    kept = line.rstrip(" \t")
    backslashes = len(kept) - len(kept.rstrip("\\"))
    return line[: len(kept) + 1] if backslashes % 2 else kept


def block_text(text: str, indicators: str, old_parent: int | None, new_parent: int | None) -> BlockText:
    """The lines of a block scalar as they stand below another parent; a parent is None at the root of a document."""
    _, _, body = text.partition("\n")
    lines = body.split("\n")
    ended = lines.pop() if body.endswith("\n") or not body else None
    given = re.search("[0-9]", indicators)
    if given:
        old, new = ((parent or 0) + int(given[0]) for parent in (old_parent, new_parent))
    else:
        first = next((line for line in lines if line.strip(" ")), "")
        old = len(first) - len(first.lstrip(" ")) if first else max(map(len, lines), default=0)
        new = STEP if new_parent is None else new_parent + STEP
    content = [_moved(line, old, new) for line in lines]
    blank = 0
    if "+" not in indicators:
        while content and not content[-1]:
            content.pop()
            blank += 1
    return BlockText(tuple(content), blank, ended is None and "-" not in indicators)


def _moved(line: str, old: int, new: int) -> str:
    if line[:old].strip(" "):
        raise UnsafeLayout("a line of a block scalar is indented less than its first one")
    return " " * new + line[old:] if line[old:] else ""
