"""YAML text as pieces: each token that can be seen, what ends and begins at it, and the comments and blank lines before it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, NamedTuple

from yaml import tokens as t

from infractl.spec.yaml import parse

_BETWEEN = re.compile("(?P<blank>[ \t]*)(?P<comment>#[^\n]*)?(?P<end>\n?)")
_HEADER = re.compile(r"(?P<indicators>[|>][-+0-9]*)(?P<blank>[ \t]*)(?P<comment>#[^\n]*)?")

_ENDS_A_NAME = " \t\n,[]{}"
"""For YAML 1.2 everything else belongs to the name of an anchor or alias; PyYAML reads `&a: 1` as an anchor and a colon."""


class UnsafeLayout(Exception):  # noqa: N818 - it ends in a diagnostic, never as an error of its own
    """The text cannot be laid out without a risk to what it says; the message says why."""


class Kind(StrEnum):
    """What a token is, as far as white space around it is concerned."""

    entry = "-"
    key = "?"
    value = ":"
    open = "["
    close = "]"
    comma = ","
    scalar = "scalar"
    block_scalar = "block scalar"
    name = "anchor or alias"
    marker = "document marker or directive"
    end = "end of the text"


class Change(StrEnum):
    """What happens to the block structure before a token."""

    end = "a block ends"
    mapping = "a block mapping begins"
    sequence = "a block sequence begins"
    key = "a key follows, without a ?"


class Comment(NamedTuple):
    """A comment, the column it begins at, and how many blanks stand before it."""

    text: str
    column: int
    distance: int


class Gap(NamedTuple):
    """What stands before a token: a comment behind the token before it, then whole lines: comments, or None where blank."""

    trailing: Comment | None
    lines: tuple[Comment | None, ...]
    broken: bool


class Piece(NamedTuple):
    """A token, `text` as it stands in the file. `meaning` is what must be the same in another layout."""

    kind: Kind
    text: str
    column: int
    meaning: tuple[Any, ...]
    gap: Gap
    changes: tuple[tuple[Change, int], ...]


_CHANGES = {t.BlockEndToken: Change.end, t.BlockMappingStartToken: Change.mapping, t.BlockSequenceStartToken: Change.sequence}
_KINDS = {
    t.BlockEntryToken: Kind.entry,
    t.KeyToken: Kind.key,
    t.ValueToken: Kind.value,
    t.FlowMappingStartToken: Kind.open,
    t.FlowSequenceStartToken: Kind.open,
    t.FlowMappingEndToken: Kind.close,
    t.FlowSequenceEndToken: Kind.close,
    t.FlowEntryToken: Kind.comma,
    t.ScalarToken: Kind.scalar,
    t.AnchorToken: Kind.name,
    t.AliasToken: Kind.name,
    t.DocumentStartToken: Kind.marker,
    t.DocumentEndToken: Kind.marker,
    t.DirectiveToken: Kind.marker,
    t.StreamEndToken: Kind.end,
}


def pieces(text: str) -> Iterator[Piece]:
    """The pieces of a text whose lines end in LF, the end of the text last. Raises UnsafeLayout, and PyYAML's errors."""
    scanner = parse.Loader(text)
    changes: list[tuple[Change, int]] = []
    end, column, whole_line = 0, 0, True
    scanner.get_token()  # the start of the stream
    while scanner.check_token():
        token = scanner.get_token()
        start = token.start_mark
        if type(token) in _CHANGES:
            changes.append((_CHANGES[type(token)], start.column))
            continue
        if isinstance(token, t.KeyToken) and start.index == token.end_mark.index:
            changes.append((Change.key, start.column))
            continue
        piece = _piece(token, text, _gap(text[end : start.index], column, whole_line), tuple(changes))
        yield piece
        changes.clear()
        end, column = token.end_mark.index, token.end_mark.column
        whole_line = piece.kind is Kind.block_scalar and column == 0


def _piece(token: Any, text: str, gap: Gap, changes: tuple[tuple[Change, int], ...]) -> Piece:
    kind = _KINDS.get(type(token))
    if kind is None:
        raise UnsafeLayout(f"it holds {token.id}, which is not laid out")
    meaning: tuple[Any, ...] = (kind, token.id, getattr(token, "value", None))
    if kind is Kind.scalar:
        meaning = (*meaning, token.style, token.plain)
        kind = Kind.block_scalar if token.style in ("|", ">") else kind
    start, end = token.start_mark.index, token.end_mark.index
    if kind is Kind.name and text[end : end + 1] not in _ENDS_A_NAME:
        raise UnsafeLayout("YAML readers disagree on where the name of an anchor or alias ends: a blank is missing behind one")
    source = text[start:end]
    return Piece(kind, source, token.start_mark.column, meaning, gap, changes)


def _gap(text: str, column: int, whole_line: bool) -> Gap:
    """`whole_line`: the text starts at the beginning of a line, so that nothing can trail."""
    trailing: Comment | None = None
    lines: list[Comment | None] = []
    position, broken = 0, whole_line
    while position < len(text):
        found = _BETWEEN.match(text, position)
        if found is None or found.end() == position:
            raise UnsafeLayout("something other than blanks and comments stands between two tokens")
        blank, remark = len(found["blank"]), found["comment"]
        comment = Comment(remark.rstrip(" \t"), column + blank, blank) if remark else None
        if not broken:
            trailing = comment
        elif found["end"] or comment:
            lines.append(comment)
        broken, position, column = broken or bool(found["end"]), found.end(), 0
    return Gap(trailing, tuple(lines), broken)


def header(piece: Piece) -> tuple[str, Comment | None]:
    """A block scalar's indicators, such as `|-`, and the comment behind them."""
    found = _HEADER.match(piece.text)
    if found is None:
        raise UnsafeLayout("a block scalar does not begin as one")
    remark = found["comment"]
    if not remark:
        return found["indicators"], None
    blank = len(found["blank"])
    return found["indicators"], Comment(remark.rstrip(" \t"), piece.column + found.start("comment"), blank)
