"""A student's file: it computes what its layers say, and looks from outside as the given model does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from infractl.engines.engine import SessionOptions
from infractl.engines.onnxruntime import open_session
from infractl.optimizer.student.network import Scaling, random_weights, unscaled, write_student
from infractl.optimizer.student.shape import read_shape
from infractl.optimizer.student.terms import Terms


def test_a_perceptron_computes_what_numpy_computes(tmp_path: Path, row_terms: Terms, row_model: onnx.ModelProto) -> None:
    shape = read_shape("mlp 7")
    assert shape
    layers = shape.layers((5,), 2)
    random = np.random.default_rng(0)
    weights = {name: random.standard_normal(w.shape).astype(np.float32) for name, w in random_weights(layers, 0).items()}
    rows = random.standard_normal((6, 5)).astype(np.float32)

    path = write_student(tmp_path / "student.onnx", row_model, row_terms, layers, weights)

    hidden = np.maximum(rows @ weights["1.weight"] + weights["1.bias"], 0)
    expected = hidden @ weights["2.weight"] + weights["2.bias"]
    (found,) = onnxruntime.InferenceSession(path).run(None, {"row": rows})
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("text", ["mlp 7", "mlp 7-3"])
def test_scalings_are_folded_into_the_outer_layers(
    text: str, tmp_path: Path, row_terms: Terms, row_model: onnx.ModelProto
) -> None:
    shape = read_shape(text)
    assert shape
    layers = shape.layers((5,), 2)
    random = np.random.default_rng(1)
    weights = {name: random.standard_normal(w.shape).astype(np.float32) for name, w in random_weights(layers, 0).items()}
    scaling = Scaling(
        input_mean=random.standard_normal(5),
        input_scale=random.uniform(1, 9, 5),
        output_mean=random.standard_normal(2),
        output_scale=random.uniform(1, 9, 2),
    )
    rows = random.standard_normal((6, 5)).astype(np.float32)

    inner = write_student(tmp_path / "inner.onnx", row_model, row_terms, layers, weights)
    outer = write_student(tmp_path / "outer.onnx", row_model, row_terms, layers, unscaled(layers, weights, scaling))

    scaled = ((rows - scaling.input_mean) / scaling.input_scale).astype(np.float32)
    (answered,) = onnxruntime.InferenceSession(inner).run(None, {"row": scaled})
    (found,) = onnxruntime.InferenceSession(outer).run(None, {"row": rows})
    np.testing.assert_allclose(found, answered * scaling.output_scale + scaling.output_mean, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("text", ["conv 4-8 stride 2", "conv 4 stride 1", "conv 4-4-4 stride 3"])
def test_a_net_keeps_names_types_and_shapes_of_what_it_stands_in_for(
    text: str, tmp_path: Path, photo_terms: Terms, photo_model: onnx.ModelProto
) -> None:
    shape = read_shape(text)
    assert shape
    layers = shape.layers(photo_terms.item, 3)

    path = write_student(tmp_path / "student.onnx", photo_model, photo_terms, layers, random_weights(layers, 0))

    onnx.checker.check_model(str(path), full_check=True)
    made = onnx.load(path)
    assert (list(made.graph.input), list(made.graph.output)) == (list(photo_model.graph.input), list(photo_model.graph.output))
    photos = np.random.default_rng(0).integers(0, 256, (5, 9, 7, 3), np.uint8)
    found = open_session(path, SessionOptions()).run({"photo": photos})
    probabilities, labels = found["probabilities"], found["label"]
    assert probabilities.dtype == np.float64
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    assert list(labels) == [["cat", "dog", "owl"][place] for place in probabilities.argmax(axis=1)]
