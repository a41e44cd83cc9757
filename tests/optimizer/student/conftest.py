"""Terms of an image's student and of a table's, and what answers with random weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from infractl.optimizer.student.terms import Terms, terms
from infractl.tensors import Dtype, Signature, TensorSpec

Declared = Mapping[str, tuple[int, Sequence[int | str]]]


def given(inputs: Declared, outputs: Declared) -> onnx.ModelProto:
    """A model of which only the inputs and outputs matter: their element types and shapes by name."""
    taken, answered = (
        [helper.make_tensor_value_info(name, element, shape) for name, (element, shape) in each.items()]
        for each in (inputs, outputs)
    )
    return helper.make_model(helper.make_graph([], "given", taken, answered))


@pytest.fixture
def photo_terms() -> Terms:
    """`photo` UINT8 [n, 9, 7, 3] → `label` texts, `probabilities` FP64 of three classes."""
    signature = Signature(
        inputs=(TensorSpec(name="photo", dtype=Dtype.uint8, shape=("n", 9, 7, 3)),),
        outputs=(
            TensorSpec(name="label", dtype=Dtype.bytes_, shape=("n",)),
            TensorSpec(name="probabilities", dtype=Dtype.float64, shape=("n", 3)),
        ),
    )
    answers = {"label": np.array(["cat", "dog", "owl"], object), "probabilities": np.eye(3)}
    return terms(signature, answers, "auto")


@pytest.fixture
def photo_model() -> onnx.ModelProto:
    return given(
        {"photo": (TensorProto.UINT8, ["n", 9, 7, 3])},
        {"label": (TensorProto.STRING, ["n"]), "probabilities": (TensorProto.DOUBLE, ["n", 3])},
    )


@pytest.fixture
def row_terms() -> Terms:
    """`row` FP32 [n, 5] → `values` FP32 [n, 2]."""
    signature = Signature(
        inputs=(TensorSpec(name="row", dtype=Dtype.float32, shape=("n", 5)),),
        outputs=(TensorSpec(name="values", dtype=Dtype.float32, shape=("n", 2)),),
    )
    return terms(signature, {"values": np.array([[3.0, -40.0]], np.float32)}, "values")


@pytest.fixture
def row_model() -> onnx.ModelProto:
    return given({"row": (TensorProto.FLOAT, ["n", 5])}, {"values": (TensorProto.FLOAT, ["n", 2])})
