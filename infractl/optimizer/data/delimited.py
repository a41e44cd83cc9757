"""CSV files to columns: a first line with names, commas, UTF-8."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from infractl.errors import DataError
from infractl.optimizer.data.read import too_big, unreadable
from infractl.optimizer.data.table import Table
from infractl.tensors import Tensor

MOST_BYTES = 256 * 2**20
"""A cell takes many times its length while it is text."""


def read_csv(path: Path) -> Table:
    """Columns of whole numbers (int64), of numbers (float64; an empty cell is NaN), else of texts. Raises DataError."""
    if (size_bytes := path.stat().st_size) > MOST_BYTES:
        raise too_big(path, size_bytes, MOST_BYTES)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            names, cells = _cells(path, file.read().splitlines())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise unreadable(path, str(error)) from error
    columns = zip(*cells, strict=True) if cells else (() for _ in names)
    return Table(names=names, arrays=dict(zip(names, map(_column, columns), strict=True)), columns=True)


def _cells(path: Path, lines: Sequence[str]) -> tuple[tuple[str, ...], list[list[str]]]:
    reader = csv.reader(lines, strict=True)
    names = tuple(name.strip() for name in next(reader, []))
    _are_names(path, names)
    cells: list[list[str]] = []
    for line in reader:
        if not line:
            continue
        if len(line) != len(names):
            raise _columns(path, f"line {reader.line_num} has {len(line)} cells, and the first line {len(names)}")
        cells.append(line)
    return names, cells


def _are_names(path: Path, names: Sequence[str]) -> None:
    if not names:
        raise _columns(path, "it is empty")
    if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
        raise _columns(path, "its cells are not divided by commas")
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise _columns(path, f"{twice!r} is there twice")
    # Pandas calls columns without a name 0, 1, 2.
    if all(map(_is_number, names)) and list(names) != [str(i) for i in range(len(names))]:
        raise _columns(path, "the first line has numbers alone")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _column(cells: Sequence[str]) -> Tensor:
    import numpy as np

    for dtype in (np.int64, np.float64):
        try:
            return np.array([cell or "nan" for cell in cells], dtype=dtype)
        except (ValueError, OverflowError):
            continue
    return np.array(cells, dtype=np.str_)


def _columns(path: Path, detail: str) -> DataError:
    return DataError.of(
        "data-columns",
        summary="this file is no table whose first line names the columns",
        detail=detail,
        at=str(path),
        remedy="write names into the first line, each once, and as many cells with commas between them into every other",
    )
