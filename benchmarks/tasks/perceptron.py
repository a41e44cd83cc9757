"""`mlp`: digits by a perceptron 784-1024-1024-10 that scikit-learn trains."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from benchmarks.models.network import Array, new_network
from benchmarks.tasks.digits import Digits, digit_sets, shifted
from benchmarks.tasks.task import MadeTask

_HIDDEN = (1024, 1024)
_EPOCHS = 12


def perceptron() -> MadeTask:
    """`image` FP32 [batch, 784] → `output` FP32 [batch, 10], scores before any softmax. Raises TaskUnavailableError."""
    digits = digit_sets()
    network = new_network(0)
    layers = _trained(digits.train)
    last = network.input("image", "batch", 784)
    for number, (weight, bias) in enumerate(layers):
        last = network.add("Gemm", last, network.weight(weight), network.weight(bias))
        if number < len(layers) - 1:
            last = network.add("Relu", last)
    network.output("output", last, "batch", 10)
    return MadeTask(
        model=network.model("mlp").SerializeToString(),
        calibration={"image": _flat(digits.calibrate.images)},
        validation={"image": _flat(digits.validate.images)},
        labels=digits.validate.labels,
    )


def _trained(train: Digits) -> list[tuple[Array, Array]]:
    """Weights [inputs, outputs] and biases, layer by layer."""
    from sklearn.neural_network import MLPClassifier

    random = np.random.default_rng(0)
    model = MLPClassifier(_HIDDEN, batch_size=128, learning_rate_init=1e-3, random_state=0)
    for epoch in range(_EPOCHS):
        # Its last passes take smaller steps.
        model.learning_rate_init = 1e-3 if epoch < _EPOCHS * 2 // 3 else 2e-4
        if epoch:
            model._optimizer.learning_rate_init = model.learning_rate_init
        model.partial_fit(_flat(shifted(train.images, random)), train.labels, classes=np.arange(10))
    assert [weight.shape for weight in model.coefs_] == list(pairwise((784, *_HIDDEN, 10)))
    return [(w.astype(np.float32), b.astype(np.float32)) for w, b in zip(model.coefs_, model.intercepts_, strict=True)]


def _flat(images: Array) -> Array:
    return images.reshape(len(images), -1)
