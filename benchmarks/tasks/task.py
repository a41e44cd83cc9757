"""What a task is: a model, rows to calibrate with and rows to judge by; and where it is kept once it was made."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.models.network import Array

FOLDER = Path(__file__).parents[2] / "build" / "benchmarks" / "tasks"


class TaskUnavailableError(Exception):
    """A task cannot be made here; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Three files: the model, `validation` with its `labels` beside the inputs, and `calibration` without any.

    No row is in both, and the model was trained on neither.
    """

    name: str
    model: Path
    validation: Path
    calibration: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeTask:
    """`labels` are in the order of `validation`; `calibration` has other rows."""

    model: bytes
    calibration: Mapping[str, Array]
    validation: Mapping[str, Array]
    labels: Array


def kept(name: str, version: int, make: Callable[[], MadeTask]) -> Task:
    """The task as it was made before, else made now. Another `version` is made anew. Raises what `make` raises."""
    folder = FOLDER / f"{name}-{version}"
    if not folder.exists():
        made = make()
        FOLDER.mkdir(parents=True, exist_ok=True)
        # All three or none, whatever stops this.
        with TemporaryDirectory(dir=FOLDER, prefix=".", ignore_cleanup_errors=True) as unfinished:
            new = Path(unfinished) / name
            new.mkdir()
            (new / "model.onnx").write_bytes(made.model)
            _save(new / "calibration.npz", made.calibration)
            _save(new / "validation.npz", {**made.validation, "labels": made.labels})
            shutil.move(new, folder)
    return Task(
        name=name,
        model=folder / "model.onnx",
        validation=folder / "validation.npz",
        calibration=folder / "calibration.npz",
    )


def _save(path: Path, arrays: Mapping[str, Array]) -> None:
    np.savez(path, allow_pickle=False, **arrays)
