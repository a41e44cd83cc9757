"""At which column each token and each comment stands: the blocks and brackets that are open, where they stood and stand now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from infractl.spec.yaml.layout.piece import Change, Kind, Piece
from infractl.spec.yaml.layout.scalar import STEP


class Block(NamedTuple):
    """An open block mapping or sequence. `bare`: a sequence at its key's own column, for which the scanner has no tokens."""

    old: int
    new: int
    sequence: bool
    bare: bool = False


class Bracket(NamedTuple):
    """An open flow collection: where its lines stand, and where its closing bracket does that begins a line."""

    content: int
    closing: int


@dataclass(slots=True)
class Columns:
    """What is open at a token. `base` is where the lines of a bracket that ends its line are counted from."""

    blocks: list[Block] = field(default_factory=list)
    brackets: list[Bracket] = field(default_factory=list)
    base: int | None = None

    def follow(self, piece: Piece, at: int | None) -> None:
        """Open and close what does before the token, which stands `at` a column, or begins a line where that is None."""
        for change, column in piece.changes:
            self._change(change, column, at)
        if self.brackets:
            return
        if piece.kind in (Kind.key, Kind.value) and at is None:
            self._close_bare()
        if piece.kind is Kind.entry and not (self.blocks and self.blocks[-1].sequence):
            self.blocks.append(Block(piece.column, self.inside if self.blocks else 0, sequence=True, bare=True))

    def _change(self, change: Change, column: int, at: int | None) -> None:
        if change is Change.key:
            if not self.brackets:
                self._close_bare()
        elif change is Change.end:
            self._close_bare()
            self.blocks.pop()
        else:
            new = at if at is not None else self.inside if self.blocks else 0
            self.blocks.append(Block(column, new, sequence=change is Change.sequence))

    def _close_bare(self) -> None:
        if self.blocks and self.blocks[-1].bare:
            self.blocks.pop()

    @property
    def inside(self) -> int:
        """Where a line stands that belongs into the innermost block's value or item."""
        return self.blocks[-1].new + STEP if self.blocks else 0

    def start(self, piece: Piece) -> int:
        """The column of a token that begins a line."""
        if piece.kind in (Kind.marker, Kind.end):
            column = 0
        elif self.brackets:
            column = self.brackets[-1].closing if piece.kind is Kind.close else self.brackets[-1].content
        elif begins_entry(piece):
            self.base = None
            return self.blocks[-1].new if self.blocks else 0
        else:
            # A text such as ` --- ` must not become a document's start.
            column = self.inside or (STEP if piece.text[:3] in ("---", "...") else 0)
        self.base = column
        return column

    def open(self, end: int, *, broken: bool) -> None:
        """A bracket ends at a column. Its lines are aligned behind it, or stand a step deeper where it ends its line."""
        if not broken:
            self.brackets.append(Bracket(end, end - 1))
            return
        base = self.base if self.base is not None else self.blocks[-1].new if self.blocks else 0
        self.brackets.append(Bracket(base + STEP, base))

    def continuation(self) -> int:
        """The column of the second and later lines of a plain or quoted scalar."""
        return self.brackets[-1].content if self.brackets else self.inside or STEP

    def parent(self) -> tuple[int | None, int | None]:
        """Where the innermost block stood and stands now: what a block scalar's indentation is counted from."""
        return (self.blocks[-1].old, self.blocks[-1].new) if self.blocks else (None, None)


def begins_entry(piece: Piece) -> bool:
    """Whether the token begins an entry of a block, rather than being a value on a line of its own."""
    return piece.kind in (Kind.entry, Kind.key, Kind.value) or any(change is Change.key for change, _ in piece.changes)


def comment_column(column: int, before: Sequence[Block], *, pending: bool, following: tuple[int, int]) -> int:
    """Where a comment that has its line for itself stands now.

    It stays beside what it stood beside: the token that follows (its old and its new column), or else the deepest block
    that was open and did not stand further right; but never further left than the token it stands above. `pending`: the
    value or item before it is still to come, and what is indented belongs into that.
    """
    old, new = following
    if column == old:
        return new
    if pending and before and column > before[-1].old:
        return max(before[-1].new + STEP, new)
    level = next((block.new for block in reversed(before) if block.old <= column), 0)
    return max(level, new)
