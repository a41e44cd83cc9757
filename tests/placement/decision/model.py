"""The models of the cases, made once and profiled as any file is. Weights are zeros: a profile looks at none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.architectures.bert import BASE, bert
from benchmarks.architectures.mobilenetv2 import mobilenetv2
from benchmarks.architectures.resnet50 import resnet50
from benchmarks.models.network import Network
from benchmarks.models.perceptron import perceptron
from benchmarks.models.recurrent import recurrent_net
from benchmarks.models.trees import tree_ensemble

WORDS = 2000
"""Of the vocabulary: rows that are looked up and not multiplied make a file larger, and nothing slower."""


def made(name: str, folder: Path) -> Path:
    """The file of a model of this name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Network, "random_weight", _zeros)
        return MODELS[name](folder)


def _zeros(network: Network, *shape: int, inputs: int) -> str:
    return network.weight(np.zeros(shape, np.float32))


def _architecture(name: str, make: Callable[[], object]) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / f"{name}.onnx"
        path.write_bytes(make().SerializeToString())  # type: ignore[attr-defined]
        return path

    return write


def _trees(folder: Path) -> Path:
    """100 trees that split 10 times on the way to each of their 1024 leaves, for 30 features and 4 classes."""
    return tree_ensemble(folder, "trees", [_tree(depth=10, seed=seed) for seed in range(100)], np.zeros((1, 30)), 4).path


def _tree(*, depth: int, seed: int) -> SimpleNamespace:
    """Whole, its nodes numbered level by level, as scikit-learn's `Tree` has it."""
    inner, count = (1 << depth) - 1, (2 << depth) - 1
    nodes = np.arange(count)
    below = np.where(nodes < inner, 2 * nodes + 1, -1)
    return SimpleNamespace(
        node_count=count,
        children_left=below,
        children_right=np.where(below >= 0, below + 1, -1),
        feature=(nodes + seed) % 30,
        threshold=np.zeros(count),
        value=np.zeros((count, 1, 4)),
    )


MODELS: Mapping[str, Callable[[Path], Path]] = {
    "mlp": lambda folder: perceptron(folder, "mlp", (30, 256, 256, 2)).path,
    "trees": _trees,
    "lstm": lambda folder: recurrent_net(folder, "lstm", "LSTM", steps=100, features=48, hidden=256).path,
    "mobilenet": _architecture("mobilenet", mobilenetv2),
    "resnet50": _architecture("resnet50", resnet50),
    "bert": _architecture("bert", lambda: bert(replace(BASE, words=WORDS))),
}
