"""The profile of what ONNX Runtime makes of a model, where it can be had safely, and none where not."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from onnx import helper, numpy_helper

import infractl.profile.executed as executed
from infractl.engines.onnxruntime import optimized_model
from infractl.errors import ModelError
from infractl.profile.onnx import profile_onnx
from infractl.profile.program import program_of
from infractl.profile.read import parse
from tests.profile.models import (
    FLOAT,
    Graph,
    dimensions_of,
    elements_given,
    graph_of,
    model_of,
    node,
    sampled,
    save,
    signature,
    sound,
)


def as_executed(model, path: Path, operator: str, **sizes: int) -> list[float]:
    """The elements that each node of this operator gives in the engine's graph."""
    save(model, path)
    whole = sound(parse(path.read_bytes(), path), path)
    known = signature(whole.graph, path)
    dimensions = dimensions_of(known.inputs)
    found = sampled(model)
    program = program_of(parse(optimized_model(path), path))
    costed = Graph(program, known.inputs, elements_given).costed(found.dimensions, found.grid)
    assert costed.execution.uncosted == ()
    assert dimensions == found.dimensions
    return [cost.flops.at(sizes) for cost in costed.execution.operators if cost.operator == operator]


def test_a_product_with_its_activation_is_one_operator_where_it_is_executed(make_mlp, tmp_path: Path) -> None:
    profile = profile_onnx(make_mlp(tmp_path / "mlp.onnx", (30, 64, 2)), tmp_path)

    assert [operator.operator for operator in profile.given.operators] == ["Gemm", "Relu", "Gemm"]
    assert profile.executed is not None
    assert [operator.operator for operator in profile.executed.operators] == ["com.microsoft.FusedGemm", "Gemm"]


def test_a_convolution_in_blocks_of_channels_gives_what_the_given_one_gives(tmp_path: Path) -> None:
    weights = {
        "first": np.ones((32, 3, 3, 3), np.float32),
        "second": np.ones((32, 32, 3, 3), np.float32),
        "classes": np.ones((32, 5), np.float32),
    }
    nodes = [
        node("Conv", "x first", "a", strides=[2, 2], pads=[1, 1, 1, 1]),
        node("Relu", "a", "b"),
        node("MaxPool", "b", "c", kernel_shape=[2, 2], strides=[2, 2]),
        node("Conv", "c second", "d", pads=[1, 1, 1, 1]),
        node("GlobalAveragePool", "d", "e"),
        node("Flatten", "e", "f"),
        node("MatMul", "f classes", "y"),
    ]
    model = model_of(graph_of(nodes, [("x", FLOAT, ["n", 3, "h", "w"])], [("y", FLOAT, ["n", 5])], weights))
    operators = {"com.microsoft.nchwc.Conv", "com.microsoft.FusedConv", "Conv"}

    found = [size for name in operators for size in as_executed(model, tmp_path / "m.onnx", name, n=2, h=64, w=96)]

    assert sorted(found) == sorted([2 * 32 * 32 * 48, 2 * 32 * 16 * 24])


def test_layer_normalization_gelu_and_scaled_products_are_known_as_the_engine_fuses_them(tmp_path: Path) -> None:
    nodes = [
        node("ReduceMean", "x", "mean", axes=[-1]),
        node("Sub", "x mean", "centred"),
        node("Pow", "centred two", "squared"),
        node("ReduceMean", "squared", "variance", axes=[-1]),
        node("Add", "variance small", "safe"),
        node("Sqrt", "safe", "deviation"),
        node("Div", "centred deviation", "normal"),
        node("Mul", "normal scale", "scaled"),
        node("Add", "scaled shift", "even"),
        node("MatMul", "even w", "wide"),
        node("Add", "wide b", "biased"),
        node("Div", "biased root", "d"),
        node("Erf", "d", "e"),
        node("Add", "e one", "f"),
        node("Mul", "biased f", "g"),
        node("Mul", "g half", "h"),
        node("Transpose", "h", "turned", perm=[0, 2, 1]),
        node("MatMul", "h turned", "scores"),
        node("Mul", "scores half", "y"),
    ]
    weights = {
        **{"two": np.float32(2), "small": np.float32(1e-5), "one": np.float32(1), "half": np.float32(0.5)},
        **{"root": np.float32(np.sqrt(2)), "scale": np.ones(16, np.float32), "shift": np.ones(16, np.float32)},
        **{"w": np.ones((16, 64), np.float32), "b": np.ones(64, np.float32)},
    }
    model = model_of(graph_of(nodes, [("x", FLOAT, ["n", "t", 16])], [("y", FLOAT, ["n", "t", "t"])], weights), 13)
    path = tmp_path / "m.onnx"

    assert as_executed(model, path, "LayerNormalization", n=2, t=7) == [2 * 7 * 16]
    assert as_executed(model, path, "com.microsoft.BiasGelu", n=2, t=7) == [2 * 7 * 64]
    assert as_executed(model, path, "com.microsoft.FusedMatMul", n=2, t=7) == [2 * 7 * 7]


def test_a_model_that_the_engine_refuses_has_no_executed_profile_and_a_given_one(tmp_path: Path) -> None:
    graph = graph_of(
        [helper.make_node("Project", ["x"], ["y"], domain="com.example")], [("x", FLOAT, ["n", 3])], [("y", FLOAT, ["n", 3])]
    )

    profile = profile_onnx(save(model_of(graph, com_example=1), tmp_path / "m.onnx"), tmp_path)

    assert profile.executed is None
    assert profile.given.uncosted == (("com.example.Project", 1),)
    with pytest.raises(ModelError) as refused:
        optimized_model(tmp_path / "m.onnx")
    assert refused.value.diagnostics[0].slug == "model-unreadable"


def test_where_the_engine_is_not_installed_a_profile_has_what_the_file_says(make_mlp, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "infractl.engines.onnxruntime", None)

    profile = profile_onnx(make_mlp(tmp_path / "mlp.onnx"), tmp_path)

    assert profile.executed is None
    assert profile.given.uncosted == ()


def test_a_model_above_the_stated_size_is_not_opened(make_mlp, tmp_path: Path, monkeypatch) -> None:
    path = make_mlp(tmp_path / "mlp.onnx")
    monkeypatch.setattr(executed, "MOST_WEIGHT_BYTES", path.stat().st_size - 1)

    assert profile_onnx(path, tmp_path).executed is None


def test_a_file_that_asks_the_engine_for_terabytes_of_constants_is_not_opened(tmp_path: Path) -> None:
    constant = node("ConstantOfShape", "shape", "huge", value=numpy_helper.from_array(np.ones(1, np.float32)))
    nodes = [constant, node("ReduceSum", "huge", "sum", keepdims=0), node("Add", "x sum", "y")]
    graph = graph_of(nodes, [("x", FLOAT, ["n", 3])], [("y", FLOAT, ["n", 3])], {"shape": np.array([10**6, 10**6])})

    profile = profile_onnx(save(model_of(graph), tmp_path / "m.onnx"), tmp_path)

    assert profile.executed is None
    assert profile.given.uncosted == ()
    assert [operator.operator for operator in profile.given.operators] == ["Add"]


def test_nothing_of_the_engine_s_graph_is_left_on_the_disk(make_mlp, tmp_path: Path, monkeypatch) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))

    assert optimized_model(make_mlp(tmp_path / "mlp.onnx"))
    assert list(temporary.iterdir()) == []
