"""`conv`: digits by a residual net of widths 32, 64 and 128 (697,000 parameters) that PyTorch trains in its own environment."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.models.network import Array, Network, new_network
from benchmarks.peer.environment import MISSING, installed
from benchmarks.tasks.digits import Digits, digit_sets
from benchmarks.tasks.task import MadeTask, TaskUnavailableError

_EPOCHS = 6
_WITHIN_S = 3600.0


def residual() -> MadeTask:
    """`image` FP32 [batch, 1, 28, 28] → `output` FP32 [batch, 10], scores before any softmax. Raises TaskUnavailableError."""
    digits = digit_sets()
    network = new_network(0)
    arrays = _trained(digits.train)
    last = network.add("Relu", _convolution(network, network.input("image", "batch", 1, 28, 28), arrays, 0, 1))
    position = 1
    for stage in range(3):
        for block in range(2):
            stride = 2 if stage and not block else 1
            way = network.add("Relu", _convolution(network, last, arrays, position, stride))
            way = _convolution(network, way, arrays, position + 1, 1)
            position += 2
            if stride > 1:
                last = _convolution(network, last, arrays, position, stride)
                position += 1
            last = network.add("Relu", network.add("Add", way, last))
    pooled = network.add("Flatten", network.add("GlobalAveragePool", last))
    head = network.add("Gemm", pooled, network.weight(arrays["head_weight"]), network.weight(arrays["head_bias"]))
    network.output("output", head, "batch", 10)
    return MadeTask(
        model=network.model("conv").SerializeToString(),
        calibration={"image": digits.calibrate.images[:, None]},
        validation={"image": digits.validate.images[:, None]},
        labels=digits.validate.labels,
    )


def _convolution(network: Network, last: str, arrays: Mapping[str, Array], number: int, stride: int) -> str:
    weight = arrays[f"weight_{number}"]
    kernel = weight.shape[-1]
    shape: dict[str, Any] = {"kernel_shape": [kernel] * 2, "pads": [kernel // 2] * 4, "strides": [stride] * 2}
    return network.add("Conv", last, network.weight(weight), network.weight(arrays[f"bias_{number}"]), **shape)


def _trained(train: Digits) -> Mapping[str, Array]:
    commands = installed("torch")
    if commands is None:
        raise TaskUnavailableError(MISSING)
    with TemporaryDirectory() as name:
        given, made = Path(name) / "digits.npz", Path(name) / "weights.npz"
        np.savez(given, images=train.images, labels=train.labels)
        script = Path(__file__).parents[1] / "peer" / "residual_training.py"
        command = [str(commands / "python"), "-I", str(script), str(given), str(made), str(_EPOCHS)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_WITHIN_S)
        if ended.returncode:
            raise TaskUnavailableError(f"PyTorch cannot train the net: {ended.stderr.strip()[-300:]}")
        with np.load(made) as kept:
            return dict(kept)
