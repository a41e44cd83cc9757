"""Which models the prediction is judged on, and which ones its interval is set on: none is in both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.models.convolutional import inverted_net, residual_net
from benchmarks.models.network import Subject
from benchmarks.models.perceptron import perceptron
from benchmarks.models.recurrent import recurrent_net
from benchmarks.models.transformer import Encoder, transformer
from benchmarks.models.trees import tree_ensemble

_MOBILE = ((24, 2, 1), (32, 3, 2), (64, 3, 2), (96, 2, 1), (160, 1, 2))


def judged(folder: Path) -> Iterator[Subject]:
    """One or two of each sort."""
    yield perceptron(folder, "mlp-small", (30, 256, 256, 256, 2))
    yield perceptron(folder, "mlp-wide", (784, 2048, 2048, 10))
    yield residual_net(folder, "conv-net", 32, (32, 64, 128), blocks=2)
    yield inverted_net(folder, "depthwise-net", 96, _MOBILE)
    yield recurrent_net(folder, "lstm", "LSTM", steps=40, features=48, hidden=160)
    yield recurrent_net(folder, "gru-2-layers", "GRU", steps=20, features=80, hidden=96, layers=2)
    yield _boosted(folder)
    yield _forest(folder)
    yield transformer(folder, "transformer", Encoder(layers=4, width=256, heads=4), tokens=48)


def _boosted(folder: Path) -> Subject:
    from sklearn.datasets import load_digits
    from sklearn.ensemble import GradientBoostingClassifier

    rows, classes = load_digits(return_X_y=True)
    model = GradientBoostingClassifier(n_estimators=30, max_depth=3, random_state=0).fit(rows, classes)
    return tree_ensemble(folder, "boosted-trees", [each.tree_ for each in model.estimators_.ravel()], np.asarray(rows), 10)


def _forest(folder: Path) -> Subject:
    from sklearn.datasets import make_classification
    from sklearn.ensemble import RandomForestClassifier

    rows, classes = make_classification(6000, 30, n_informative=12, n_classes=4, random_state=0)
    model = RandomForestClassifier(n_estimators=100, random_state=0).fit(rows, classes)
    return tree_ensemble(folder, "forest", [each.tree_ for each in model.estimators_], np.asarray(rows), 4)
