"""Trains the two versions of the quickstart's model on scikit-learn's 8x8 digits and writes everything that the example serves.

The network's own weights become ONNX nodes here, without a converter: Gemm, Relu, ..., Gemm, Softmax, and ArgMax for the digit.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

HERE = Path(__file__).parent
SEED = 7
BRIGHTEST = 16.0
"""The data's pixels go from 0 to 16. The network is trained on 0 to 1; the exported model takes them as they are."""

Floats = NDArray[np.float32]


def main() -> None:
    pixels, labels = load_digits(return_X_y=True)
    train_x, held_x, train_y, held_y = train_test_split(
        pixels.astype(np.float32), labels, test_size=0.25, random_state=SEED, stratify=labels
    )
    # Version 1 is small and stops early; version 2 is what one would ship after it.
    networks = {
        "digits-1.onnx": fit(train_x, train_y, hidden=(16,), epochs=60),
        "digits-2.onnx": fit(train_x, train_y, hidden=(256, 128), epochs=60),
    }
    outputs = {}
    for name, network in networks.items():
        onnx.save(to_onnx(network), HERE / name)
        outputs[name] = run(HERE / name, held_x)
        np.testing.assert_allclose(outputs[name]["probabilities"], network.predict_proba(held_x / BRIGHTEST), atol=1e-5)
        report(HERE / name, network, outputs[name]["digit"], held_y)

    first, second = (o["probabilities"] for o in outputs.values())
    differ = np.abs(first - second).max(axis=1) > 1e-3
    print(f"The versions' probabilities differ by more than 0.001 for {differ.mean():.1%} of the held-out digits.")
    assert differ.mean() >= 0.99, "the demo tells the versions apart by their answers"

    np.savez_compressed(HERE / "validation.npz", pixels=held_x, labels=held_y.astype(np.int64))
    (HERE / "request.json").write_text(json.dumps(request(held_x[:1])) + "\n")
    print(f"request.json holds a {held_y[0]}.")


def fit(pixels: Floats, labels: NDArray[np.int64], hidden: tuple[int, ...], epochs: int) -> MLPClassifier:
    network = MLPClassifier(hidden, max_iter=epochs, random_state=SEED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # `epochs` is the number that is wanted
        return network.fit(pixels / BRIGHTEST, labels)


def to_onnx(network: MLPClassifier) -> onnx.ModelProto:
    """The fitted network as one ONNX graph with a dynamic batch."""
    nodes, weights = [], []
    flow = "pixels"
    last = len(network.coefs_)
    for layer, (coefficient, intercept) in enumerate(zip(network.coefs_, network.intercepts_, strict=True), start=1):
        scaled = coefficient / BRIGHTEST if layer == 1 else coefficient
        weights += [constant(f"weight_{layer}", scaled), constant(f"bias_{layer}", intercept)]
        nodes.append(
            helper.make_node("Gemm", [flow, f"weight_{layer}", f"bias_{layer}"], [f"sum_{layer}"], name=f"layer_{layer}")
        )
        flow = f"sum_{layer}"
        if layer < last:
            nodes.append(helper.make_node("Relu", [flow], [f"active_{layer}"], name=f"relu_{layer}"))
            flow = f"active_{layer}"
    nodes.append(helper.make_node("Softmax", [flow], ["probabilities"], name="softmax", axis=1))
    nodes.append(helper.make_node("ArgMax", ["probabilities"], ["digit"], name="argmax", axis=1, keepdims=0))
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["batch", 64])],
        [
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 10]),
            helper.make_tensor_value_info("digit", TensorProto.INT64, ["batch"]),
        ],
        weights,
    )
    # Opset 17 and IR 8 are old enough for every ONNX Runtime of the last years.
    model = helper.make_model(
        graph, producer_name="infractl-quickstart", opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def constant(name: str, values: NDArray[np.float64]) -> TensorProto:
    return numpy_helper.from_array(values.astype(np.float32), name)


def run(path: Path, pixels: Floats) -> dict[str, NDArray[Any]]:
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"pixels": pixels}), strict=True))


def report(path: Path, network: MLPClassifier, digits: NDArray[np.int64], labels: NDArray[np.int64]) -> None:
    parameters = sum(w.size for w in (*network.coefs_, *network.intercepts_))
    layers = "-".join(str(w.shape[0]) for w in network.coefs_) + "-10"
    accuracy = float(np.mean(digits == labels))
    print(
        f"{path.name}: {layers}, {parameters} parameters, {path.stat().st_size / 1024:.0f} KiB, "
        f"accuracy {accuracy:.1%} on {len(labels)} held-out digits"
    )


def request(pixels: Floats) -> dict[str, object]:
    """An Open Inference Protocol v2 request."""
    return {
        "inputs": [{"name": "pixels", "shape": list(pixels.shape), "datatype": "FP32", "data": pixels.ravel().tolist()}],
    }


if __name__ == "__main__":
    main()
