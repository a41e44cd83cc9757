"""Multilayer perceptrons."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from benchmarks.models.network import Subject, new_network, normal


def perceptron(folder: Path, name: str, sizes: Sequence[int], activation: str = "Relu", seed: int = 0) -> Subject:
    """Fully connected layers from sizes[0] features to sizes[-1] scores."""
    network = new_network(seed)
    last = network.input("features", "batch", sizes[0])
    for layer, (inputs, outputs) in enumerate(pairwise(sizes)):
        last = network.dense(last, inputs, outputs)
        if layer < len(sizes) - 2:
            last = network.add(activation, last)
    path = network.save(folder / f"{name}.onnx", last, ("batch", sizes[-1]))
    return Subject(name=name, path=path, inputs=normal("features", sizes[0]))
