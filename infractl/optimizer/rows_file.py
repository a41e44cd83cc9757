"""Rows in a directory, one plain npy file a tensor: how they reach the processes in which models are changed and run.

They are mapped into memory there, so that a large set is not held once for each process.
"""

from __future__ import annotations

import json
from pathlib import Path

from infractl.optimizer.rows import Rows
from infractl.tensors import Tensor

_INDEX = "rows.json"


def write_rows(rows: Rows, directory: Path) -> Path:
    """Into a directory that is made. Raises OSError."""
    import numpy as np

    directory.mkdir(parents=True)
    tensors = list(rows.inputs.values()) + ([] if rows.labels is None else [rows.labels])
    for position, tensor in enumerate(tensors):
        # Texts are objects in memory, and objects in a file could be anything.
        plain = tensor.astype(np.str_) if tensor.dtype == np.object_ else tensor
        np.save(directory / f"{position}.npy", plain, allow_pickle=False)
    index = {"inputs": list(rows.inputs), "labels": rows.labels is not None}
    (directory / _INDEX).write_text(json.dumps(index), encoding="utf-8")
    return directory


def read_rows(directory: Path) -> Rows:
    """Raises OSError, ValueError."""
    index = json.loads((directory / _INDEX).read_text(encoding="utf-8"))
    names = list(index["inputs"])
    inputs = {name: _read(directory / f"{position}.npy") for position, name in enumerate(names)}
    return Rows(inputs=inputs, labels=_read(directory / f"{len(names)}.npy") if index["labels"] else None)


def _read(path: Path) -> Tensor:
    import numpy as np

    try:
        tensor: Tensor = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError:
        # Nothing cannot be mapped.
        tensor = np.load(path, allow_pickle=False)
    return tensor.astype(np.object_) if tensor.dtype.kind == "U" else np.asarray(tensor)
