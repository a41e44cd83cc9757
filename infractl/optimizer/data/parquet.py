"""Parquet files to columns, where pyarrow is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from infractl.errors import DataError
from infractl.optimizer.data.read import MOST_BYTES, too_big, unreadable
from infractl.optimizer.data.table import Table
from infractl.tensors import Tensor


def read_parquet(path: Path) -> Table:
    """Columns of numbers and texts, [rows]; of lists that are all of one length, [rows, length]. Raises DataError."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise DataError.of(
            "data-package",
            summary="the Python package that reads this format is not installed",
            detail="parquet files are read with pyarrow",
            at=str(path),
            remedy="pip install pyarrow, or save the data as npz",
        ) from error
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            groups = file.metadata.num_row_groups
            size_bytes = sum(file.metadata.row_group(i).total_byte_size for i in range(groups))
            if size_bytes > MOST_BYTES:
                raise too_big(path, size_bytes, MOST_BYTES)
            found = file.read()
    except (pyarrow.ArrowException, OSError, MemoryError) as error:
        raise unreadable(path, " ".join(str(error).split())) from error
    names = tuple(found.column_names)
    return Table(names=names, arrays={name: _array(path, name, found.column(name)) for name in names}, columns=True)


def _array(path: Path, name: str, column: Any) -> Tensor:
    import numpy as np
    import pyarrow

    joined = column.combine_chunks()
    if pyarrow.types.is_string(joined.type) or pyarrow.types.is_large_string(joined.type):
        return np.array(joined.to_pylist() if not joined.null_count else joined.fill_null("").to_pylist(), dtype=np.str_)
    if _is_list(joined.type):
        lengths = set(joined.value_lengths().to_pylist()) if not pyarrow.types.is_fixed_size_list(joined.type) else {0}
        if len(lengths) > 1 or joined.null_count:
            raise unreadable(path, f"the lists in its column {name!r} are not all of one length")
        flat = joined.flatten().to_numpy(zero_copy_only=False)
        return np.asarray(flat).reshape(len(joined), -1) if len(joined) else np.asarray(flat).reshape(0, 0)
    return np.asarray(joined.to_numpy(zero_copy_only=False))


def _is_list(kind: Any) -> bool:
    import pyarrow

    return bool(pyarrow.types.is_list(kind) or pyarrow.types.is_large_list(kind) or pyarrow.types.is_fixed_size_list(kind))
