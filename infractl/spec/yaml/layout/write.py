"""The walk over the pieces of a text that writes them down again, each with the white space that belongs before it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from infractl.spec.yaml.layout.column import Block, Columns, comment_column
from infractl.spec.yaml.layout.line import Line, join
from infractl.spec.yaml.layout.piece import Comment, Gap, Kind, Piece, header, pieces
from infractl.spec.yaml.layout.scalar import block_text, flow_lines

_PENDING = (Kind.value, Kind.entry, Kind.key, Kind.name)
"""After these, the value or item is still to come."""


class Written(NamedTuple):
    """The text in canonical layout, and what it says in order: the meaning of each token, and each comment."""

    text: str
    says: tuple[Any, ...]


def write(text: str) -> Written:
    """One pass, unchecked. Raises UnsafeLayout, and PyYAML's errors."""
    writer = _Writer()
    for piece in pieces(text):
        writer.add(piece)
    return writer.written()


@dataclass(slots=True)
class _Writer:
    """`solid` lines hold tokens: blank ones among them are content, and stay."""

    lines: list[Line] = field(default_factory=list)
    says: list[Any] = field(default_factory=list)
    columns: Columns = field(default_factory=Columns)
    last: Kind = Kind.end
    blank: int = 0
    solid: int = 0
    open_end: bool = False

    def add(self, piece: Piece) -> None:
        if piece.gap.trailing:
            self.trail(piece.gap.trailing)
        if self.last is Kind.open:
            self.columns.open(self.lines[-1].width, broken=piece.gap.broken)
        if piece.gap.broken or not self.lines:
            before = list(self.columns.blocks)
            self.columns.follow(piece, at=None)
            column = self.columns.start(piece)
            self.whole_lines(piece.gap, before, (piece.column, column))
            if piece.kind is not Kind.end:
                self.lines.append(Line.of(" " * column))
        elif piece.kind is not Kind.end:
            self.lines[-1].add(_space(self.last, piece.kind))
            self.columns.follow(piece, at=self.lines[-1].width)
        if piece.kind is not Kind.end:
            self.token(piece)
        self.last = piece.kind

    def token(self, piece: Piece) -> None:
        self.says.append(piece.meaning)
        if piece.kind is Kind.block_scalar:
            self.block_scalar(piece)
        else:
            first, *others = flow_lines(piece.text, self.columns.continuation())
            self.lines[-1].add(first)
            self.lines.extend(map(Line.of, others))
        if piece.kind is Kind.close:
            self.columns.brackets.pop()
        self.solid = len(self.lines)

    def block_scalar(self, piece: Piece) -> None:
        indicators, comment = header(piece)
        self.lines[-1].add(indicators)
        if comment:
            self.trail(comment)
        text = block_text(piece.text, indicators, *self.columns.parent())
        self.lines.extend(map(Line.of, text.lines))
        self.blank, self.open_end = text.blank, text.open

    def trail(self, comment: Comment) -> None:
        self.lines[-1].comment = comment
        self.says.append(comment.text)

    def whole_lines(self, gap: Gap, before: list[Block], following: tuple[int, int]) -> None:
        """The comments and blank lines before a token that begins a line; of several blank lines one is left."""
        for comment in (*[None] * self.blank, *gap.lines):
            if comment is None:
                if self.lines and not self.lines[-1].blank:
                    self.lines.append(Line())
                continue
            self.says.append(comment.text)
            above = self.lines[-1].comment if self.lines else None
            if above and above.column == comment.column != following[0]:
                # It goes on with the comment behind the line above.
                self.lines.append(Line(comment=comment))
            else:
                self.lines.append(Line.of(" " * self.beside(comment, before, following) + comment.text))
        self.blank = 0

    def beside(self, comment: Comment, before: list[Block], following: tuple[int, int]) -> int:
        if self.columns.brackets:
            return self.columns.brackets[-1].content
        return comment_column(comment.column, before, pending=self.last in _PENDING, following=following)

    def written(self) -> Written:
        while len(self.lines) > self.solid and self.lines[-1].blank:
            self.lines.pop()
        return Written(join(self.lines, open_end=self.open_end), tuple(self.says))


def _space(before: Kind, after: Kind) -> str:
    """What stands between two tokens of one line."""
    if before is Kind.open:
        return ""
    if after in (Kind.close, Kind.comma):
        # `{a: , b: }`: other readers take a colon before a comma or bracket for a part of the word.
        return " " if before is Kind.value else ""
    if after is Kind.value:
        # An alias's name may hold a colon.
        return "" if before in (Kind.scalar, Kind.close) else " "
    return " "
