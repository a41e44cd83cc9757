"""Data files to tables: npz and npy here, csv and parquet by modules of their own. No pickle is ever loaded."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path
from tokenize import TokenError
from typing import TYPE_CHECKING

from infractl.errors import DataError
from infractl.optimizer.data.table import Table

if TYPE_CHECKING:
    from infractl.tensors import Tensor

MOST_BYTES = 4 * 2**30
"""Of arrays, unpacked: what is loaded has to fit into memory beside the model."""
_DAMAGED: tuple[type[Exception], ...] = (
    *(ValueError, TypeError, KeyError, OverflowError, SyntaxError, EOFError, OSError, MemoryError),
    *(NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error, TokenError),
)
"""What numpy raises for damaged files: it reads headers with Python's own tokenizer."""
ENDINGS = (".npz", ".npy", ".csv", ".parquet")


def read(path: Path, wanted: Collection[str]) -> Table:
    """The file's arrays; of an npz or parquet file with other names as well, the `wanted` alone. Raises DataError."""
    _present(path)
    match path.suffix.lower():
        case ".npz":
            return _read_npz(path, wanted)
        case ".npy":
            return _read_npy(path)
        case ".csv":
            from infractl.optimizer.data.delimited import read_csv

            return read_csv(path)
        case ".parquet":
            from infractl.optimizer.data.parquet import read_parquet

            return read_parquet(path)
        case ending:
            raise DataError.of(
                "data-format",
                summary="the name of this data file ends in none of the known formats",
                detail=f"it ends in {ending!r}" if ending else "it has no ending",
                at=str(path),
                remedy=f"save the data as one of: {', '.join(ENDINGS)}",
            )


def _present(path: Path) -> None:
    try:
        path.stat()
    except OSError as error:
        raise DataError.of(
            "data-missing",
            summary="there is no data file here",
            detail=error.strerror or str(error),
            at=str(path),
            remedy="correct the path of the data",
        ) from error
    if not path.is_file():
        raise unreadable(path, "it is a directory" if path.is_dir() else "it is no file")


def _read_npz(path: Path, wanted: Collection[str]) -> Table:
    import numpy as np

    try:
        with zipfile.ZipFile(path) as archive:
            _fits(path, sum(member.file_size for member in archive.infolist()))
        with np.load(path, allow_pickle=False) as file:
            names = tuple(file.files)
            arrays = {name: _member(path, file, name) for name in names if name in wanted}
    except _DAMAGED as error:
        raise _refused(path, "the file", error) from error
    return Table(names=names, arrays=arrays)


def _member(path: Path, file: Mapping[str, object], name: str) -> Tensor:
    try:
        return _an_array(path, file[name])
    except _DAMAGED as error:
        raise _refused(path, f"its array {name}", error) from error


def _read_npy(path: Path) -> Table:
    import numpy as np

    _fits(path, path.stat().st_size)
    try:
        array = np.load(path, allow_pickle=False)
    except _DAMAGED as error:
        raise _refused(path, "the file", error) from error
    return Table(names=("",), arrays={"": _an_array(path, array)})


def _an_array(path: Path, found: object) -> Tensor:
    import numpy as np

    if not isinstance(found, np.ndarray):
        raise unreadable(path, "it holds something that is no array")
    return found


def _fits(path: Path, size_bytes: int) -> None:
    if size_bytes > MOST_BYTES:
        raise too_big(path, size_bytes, MOST_BYTES)


def _refused(path: Path, what: str, error: Exception) -> DataError:
    message = str(error)
    if "allow_pickle" in message or "Object arrays" in message:
        return DataError.of(
            "data-pickled",
            summary="an array of Python objects is a pickle, and a pickle is a program: it is not loaded",
            detail=f"{what} is one",
            at=str(path),
            remedy="save arrays of numbers, and texts with array.astype(str)",
        )
    if "Failed to read all data" in message:
        return unreadable(path, f"{what} ends too early")
    return unreadable(path, " ".join(message.split()) or type(error).__name__)


def unreadable(path: Path, detail: str) -> DataError:
    return DataError.of(
        "data-unreadable",
        summary="this data file cannot be read",
        detail=detail,
        at=str(path),
        remedy="write the file again; it may be cut short, or of another format than its name says",
    )


def too_big(path: Path, size_bytes: int, most_bytes: int) -> DataError:
    return DataError.of(
        "data-too-big",
        summary="this data file is larger than what is read into memory",
        detail=f"{size_bytes:,} bytes, and at most {most_bytes:,} are read",
        at=str(path),
        remedy="keep a sample of its rows; some thousands are enough. A csv file takes less room as npz",
    )
