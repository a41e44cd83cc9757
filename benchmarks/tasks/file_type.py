"""`magika`: what sort of file it is, by Google's Magika, on files of this machine whose names say it."""

from __future__ import annotations

import json
import os
import site
import sysconfig
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from benchmarks.models.network import Array
from benchmarks.models.packaged import FOLDER, MAGIKA, fetched
from benchmarks.tasks.task import MadeTask, TaskUnavailableError

# The endings that name one sort of file, in Magika's words for the sort.
_SORTS: Mapping[str, str] = {
    ".awk": "awk", ".bat": "batch", ".bib": "bib", ".c": "c", ".cmake": "cmake", ".cpp": "cpp", ".css": "css", ".csv": "csv",
    ".diff": "diff", ".gif": "gif", ".go": "go", ".gz": "gzip", ".hpp": "cpp", ".html": "html", ".ini": "ini", ".java": "java",
    ".jpg": "jpeg", ".js": "javascript", ".json": "json", ".lua": "lua", ".m4": "m4", ".md": "markdown", ".npy": "npy",
    ".npz": "npz", ".onnx": "onnx", ".pdf": "pdf", ".pem": "pem", ".php": "php", ".pl": "perl", ".pm": "perl", ".png": "png",
    ".po": "po", ".proto": "proto", ".py": "python", ".pyc": "pythonbytecode", ".r": "r", ".rb": "ruby", ".rs": "rust",
    ".rst": "rst", ".scss": "scss", ".sh": "shell", ".so": "elf", ".sql": "sql", ".svg": "svg", ".tcl": "tcl", ".toml": "toml",
    ".ts": "typescript", ".ttf": "ttf", ".txt": "txt", ".wav": "wav", ".woff": "woff", ".woff2": "woff2", ".xml": "xml",
    ".xz": "xz", ".yaml": "yaml", ".yml": "yaml", ".zip": "zip",
}  # fmt: skip
_MOST_OF_A_SORT = 160
_LOOKED_AT = 200_000
_FEWEST = 1000
_ENDS = 1024
_PADDING = 256
_BLOCK = 4096
_SMALLEST = 8


def file_type() -> MadeTask:
    """`bytes` INT32 [batch, 2048] → FP32 [batch, 214]. A quarter of the files is to calibrate with.

    Raises FetchError, TaskUnavailableError.
    """
    model = fetched(MAGIKA)
    config = json.loads((FOLDER / MAGIKA.file).with_name("config.min.json").read_text())
    places = {sort: number for number, sort in enumerate(config["target_labels_space"])}
    found = [(content, places[sort]) for content, sort in _files()]
    if len(found) < _FEWEST:
        raise TaskUnavailableError(f"there are only {len(found)} files here whose names say what they are")
    order = np.random.default_rng(0).permutation(len(found))
    rows = np.stack([found[place][0] for place in order])
    labels = np.array([found[place][1] for place in order], np.int64)
    calibrate = len(rows) // 4
    return MadeTask(
        model=model.read_bytes(),
        calibration={"bytes": rows[:calibrate]},
        validation={"bytes": rows[calibrate:]},
        labels=labels[calibrate:],
    )


def _files() -> Iterator[tuple[Array, str]]:
    """Of each sort so many files at most, no content twice."""
    counts: dict[str, int] = dict.fromkeys(_SORTS.values(), 0)
    seen: set[bytes] = set()
    for looked_at, path in enumerate(_paths()):
        sort = _SORTS.get(path.suffix)
        if looked_at >= _LOOKED_AT:
            return
        if sort is None or counts[sort] >= _MOST_OF_A_SORT or path.is_symlink() or not path.is_file():
            continue
        try:
            size = path.stat().st_size
            with path.open("rb") as file:
                beginning = file.read(_BLOCK)
                file.seek(max(size - _BLOCK, 0))
                end = file.read(_BLOCK)
        except OSError:
            continue
        row = features(beginning, end)
        if row[_SMALLEST - 1] == _PADDING or row.tobytes() in seen:
            continue
        seen.add(row.tobytes())
        counts[sort] += 1
        yield row, sort


def _paths() -> Iterator[Path]:
    """Always in the same order."""
    roots = [sysconfig.get_path("stdlib"), *site.getsitepackages(), "/usr/share", "/usr/lib", "/usr/include"]
    for root in dict.fromkeys(roots):
        for folder, folders, files in os.walk(root):
            folders.sort()
            yield from (Path(folder) / name for name in sorted(files))


def features(beginning: bytes, end: bytes) -> Array:
    """As magika 1.0.3 makes them: the first and the last 1,024 bytes, without white space at the outer ends, padded to that."""
    first = list(beginning.lstrip()[:_ENDS])
    last = list(end.rstrip()[-_ENDS:])
    padding = [_PADDING]
    return np.array(
        first + padding * (_ENDS - len(first)) + padding * (_ENDS - len(last)) + last,
        np.int32,
    )
