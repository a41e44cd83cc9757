"""A table in a terminal: columns two blanks apart, as wide as their widest cell, without lines."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import zip_longest

_WIDEST = 60


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> list[str]:
    """Lines with an indent of two. Columns numbered in `right` are aligned there; a first cell over 60 characters is cut."""
    cells = [(_cut(first), *others) for first, *others in (head, *rows)]
    widths = [max(map(len, column)) for column in zip_longest(*cells, fillvalue="")]
    return [f"  {_line(row, widths, right)}".rstrip() for row in cells]


def _line(row: Sequence[str], widths: Sequence[int], right: Collection[int]) -> str:
    aligned = (cell.rjust(w) if i in right else cell.ljust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True)))
    return "  ".join(aligned)


def _cut(cell: str) -> str:
    return cell if len(cell) <= _WIDEST else f"…{cell[1 - _WIDEST :]}"
