"""Networks that tell digits apart: dense layers that scikit-learn trained, and random convolutions under a trained head."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import ModelProto
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from tests.optimizer.pruning.nets import Flow, Net

Array = NDArray[Any]
PIXELS, NUMBERS = load_digits(return_X_y=True)
PIXELS = (PIXELS / 16).astype(np.float32)
IMAGES = PIXELS.reshape(-1, 1, 8, 8)
TRAINED = 1000
"""So many rows were learned from; the others were not."""


def run(model: ModelProto, rows: Array) -> Array:
    [found] = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": rows})
    return np.asarray(found)


@cache
def dense() -> ModelProto:
    """64 → 128 → 128 → 10."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        learned = MLPClassifier((128, 128), random_state=0, max_iter=25, learning_rate_init=3e-3).fit(
            PIXELS[:TRAINED], NUMBERS[:TRAINED]
        )
    net, x = Net(np.random.default_rng(0)), Flow("x", (64,))
    for layer, (weight, bias) in enumerate(zip(learned.coefs_, learned.intercepts_, strict=True)):
        x = net.add("Gemm", [x.name, net.constant(weight), net.constant(bias)], (len(bias),))
        x = net.add("Relu", [x.name], x.shape) if layer < 2 else x
    return net.model((64,), x)


@cache
def convolutional() -> ModelProto:
    """A residual network, 1 → 32 → 64 channels, whose kernels are random; its head was learned by logistic regression."""
    net = Net(np.random.default_rng(0))
    x = _residual(net, _layer(net, Flow("x", (1, 8, 8)), 32))
    x = _residual(net, _layer(net, x, 64, stride=2))
    x = net.add("Flatten", [net.pooled(x).name], (64 * 4,))
    features = run(net.model((1, 8, 8), x), IMAGES[:TRAINED])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        head = LogisticRegression(max_iter=60).fit(features, NUMBERS[:TRAINED])
    given = net.add("Gemm", [x.name, net.constant(head.coef_.T), net.constant(head.intercept_)], (10,))
    return net.model((1, 8, 8), given)


def _layer(net: Net, x: Flow, width: int, stride: int = 1) -> Flow:
    kernels = net.draw(width, x.shape[0], 3, 3) * np.sqrt(2 / (9 * x.shape[0]))
    shape = (width, *(-(-size // stride) for size in x.shape[1:]))
    inputs = [x.name, net.constant(kernels), net.constant(0.1 * net.draw(width))]
    return net.add("Relu", [net.add("Conv", inputs, shape, strides=[stride] * 2, pads=[1] * 4).name], shape)


def _residual(net: Net, x: Flow) -> Flow:
    return net.add("Add", [x.name, _layer(net, x, x.shape[0]).name], x.shape)
