"""What the profile says of sound models, against arithmetic done by hand in the test."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from infractl.domain.profile import ModelProfile
from infractl.profile.onnx import profile_onnx
from infractl.tensors import Dtype, TensorSpec


def write(path: Path, nodes, inputs, outputs, weights=(), **model) -> Path:
    """An ONNX file of these parts; inputs and outputs are (name, element type, shape)."""
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(*value) for value in inputs],
        [helper.make_tensor_value_info(*value) for value in outputs],
        [numpy_helper.from_array(array, name) for name, array in weights],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9, **model)
    path.write_bytes(made.SerializeToString())
    return path


def by_hand(sizes: tuple[int, ...], batch: int) -> tuple[int, int, int, int]:
    """Parameters, FLOPs, bytes of weights and bytes of activations of an MLP with biases and Relu between its layers."""
    layers = list(pairwise(sizes))
    parameters = sum(wide * narrow + narrow for wide, narrow in layers)
    hidden = sizes[1:-1]
    flops = sum(2 * batch * wide * narrow + batch * narrow for wide, narrow in layers) + sum(batch * width for width in hidden)
    activations = sum(batch * (wide + narrow) for wide, narrow in layers) + sum(2 * batch * width for width in hidden)
    return parameters, flops, 4 * parameters, 4 * activations


@pytest.mark.parametrize("sizes", [(30, 64, 2), (4, 3), (64, 128, 128, 10), (1, 1, 1), (784, 512, 256, 10)])
@pytest.mark.parametrize("batch", [1, 7, 32])
def test_an_mlp_costs_what_a_count_by_hand_gives(make_mlp, tmp_path: Path, sizes: tuple[int, ...], batch: int) -> None:
    profile = profile_onnx(make_mlp(tmp_path / "mlp.onnx", sizes), tmp_path)

    parameters, flops, weight_bytes, activation_bytes = by_hand(sizes, batch)
    assert profile.parameters == parameters
    assert profile.flops.at({"batch": batch}) == flops
    assert profile.weights_bytes == weight_bytes
    assert profile.activation_bytes.at({"batch": batch}) == activation_bytes
    assert profile.given.uncosted == ()


def test_a_profile_names_the_file_by_its_content_and_the_model_by_its_signature(make_mlp, tmp_path: Path) -> None:
    path = make_mlp(tmp_path / "mlp.onnx", (30, 64, 2))

    profile = profile_onnx(path, tmp_path)

    assert profile.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert profile.size_bytes == path.stat().st_size
    assert profile.signature.inputs == (TensorSpec(name="features", dtype=Dtype.float32, shape=("batch", 30)),)
    assert profile.signature.outputs == (TensorSpec(name="scores", dtype=Dtype.float32, shape=("batch", 2)),)
    assert (profile.batch, profile.dimensions) == ("batch", ("batch",))


def test_a_first_axis_without_a_name_is_the_batch(make_mlp, tmp_path: Path) -> None:
    named = profile_onnx(make_mlp(tmp_path / "named.onnx", batch="N"), tmp_path)
    unnamed = profile_onnx(make_mlp(tmp_path / "unnamed.onnx", batch=None), tmp_path)

    assert (named.batch, unnamed.batch) == ("N", "batch")
    assert named.flops.at({"N": 5}) == unnamed.flops.at({"batch": 5}) == by_hand((30, 64, 2), 5)[1]


def test_a_model_for_a_fixed_number_of_items_has_no_batch(make_mlp, tmp_path: Path) -> None:
    profile = profile_onnx(make_mlp(tmp_path / "four.onnx", batch=4), tmp_path)

    assert profile.batch is None
    assert profile.flops.at({}) == by_hand((30, 64, 2), 4)[1]


def test_inputs_with_different_first_axes_are_not_batched(tmp_path: Path) -> None:
    path = write(
        tmp_path / "two.onnx",
        [helper.make_node("MatMul", ["a", "b"], ["c"])],
        [("a", TensorProto.FLOAT, ["rows", "depth"]), ("b", TensorProto.FLOAT, ["depth", 8])],
        [("c", TensorProto.FLOAT, ["rows", 8])],
    )

    profile = profile_onnx(path, tmp_path)

    assert profile.batch is None
    assert profile.dimensions == ("rows", "depth")
    assert profile.flops.at({"rows": 3, "depth": 5}) == 2 * 3 * 5 * 8


def test_a_batch_of_matrices_counts_each_matrix(tmp_path: Path) -> None:
    path = write(
        tmp_path / "scores.onnx",
        [helper.make_node("MatMul", ["q", "k"], ["s"]), helper.make_node("Softmax", ["s"], ["p"])],
        [("q", TensorProto.FLOAT, ["batch", 4, "length", 16]), ("k", TensorProto.FLOAT, ["batch", 4, 16, "length"])],
        [("p", TensorProto.FLOAT, ["batch", 4, "length", "length"])],
    )

    profile = profile_onnx(path, tmp_path)

    scores = 2 * 4 * 7 * 7
    assert profile.flops.at({"batch": 2, "length": 7}) == 2 * 16 * scores + 5 * scores


def test_an_operator_without_a_rule_is_listed_and_never_costs_nothing(tmp_path: Path) -> None:
    weights = np.zeros((3, 3), np.float32)
    path = write(
        tmp_path / "determinants.onnx",
        [
            helper.make_node("Mul", ["squares", "weights"], ["a"]),
            helper.make_node("Relu", ["a"], ["b"]),
            helper.make_node("Det", ["b"], ["c"]),
        ],
        [("squares", TensorProto.FLOAT, ["batch", 3, 3])],
        [("c", TensorProto.FLOAT, ["batch"])],
        [("weights", weights)],
    )

    profile = profile_onnx(path, tmp_path)

    assert profile.given.uncosted == (("Det", 1),)
    assert [o.operator for o in profile.given.operators] == ["Mul", "Relu"]
    assert profile.parameters == 9


def test_an_operator_of_a_domain_that_onnx_does_not_know_is_listed_with_its_domain(tmp_path: Path) -> None:
    graph = helper.make_graph(
        [
            helper.make_node("Project", ["x", "w"], ["m"], domain="com.example"),
            helper.make_node("MatMul", ["m", "w"], ["y"]),
        ],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 4])],
        [numpy_helper.from_array(np.zeros((4, 4), np.float32), "w")],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.example", 1)]
    path = tmp_path / "own.onnx"
    path.write_bytes(helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString())

    assert profile_onnx(path, tmp_path).given.uncosted == (("MatMul", 1), ("com.example.Project", 1))


def test_an_operator_whose_shape_cannot_be_told_is_listed(tmp_path: Path) -> None:
    path = write(
        tmp_path / "nonzero.onnx",
        [helper.make_node("NonZero", ["x"], ["where"]), helper.make_node("Neg", ["where"], ["y"])],
        [("x", TensorProto.FLOAT, ["batch", 3])],
        [("y", TensorProto.INT64, [2, "found"])],
    )

    assert dict(profile_onnx(path, tmp_path).given.uncosted) == {"NonZero": 1, "Neg": 1}


def test_a_weight_that_two_operators_read_counts_once_and_is_read_twice(tmp_path: Path) -> None:
    path = write(
        tmp_path / "shared.onnx",
        [helper.make_node("MatMul", ["x", "w"], ["a"]), helper.make_node("MatMul", ["a", "w"], ["y"])],
        [("x", TensorProto.FLOAT, ["batch", 8])],
        [("y", TensorProto.FLOAT, ["batch", 8])],
        [("w", np.eye(8, dtype=np.float32))],
    )

    profile = profile_onnx(path, tmp_path)

    assert profile.parameters == 64
    assert profile.weights_bytes == 64 * 4
    assert sum(operator.weight_bytes for operator in profile.given.operators) == 2 * 64 * 4


def test_a_transposed_gemm_without_bias_has_the_depth_of_its_transposed_input(tmp_path: Path) -> None:
    path = write(
        tmp_path / "gemm.onnx",
        [helper.make_node("Gemm", ["x", "w"], ["y"], transA=1)],
        [("x", TensorProto.FLOAT, [5, 3])],
        [("y", TensorProto.FLOAT, [3, 2])],
        [("w", np.zeros((5, 2), np.float32))],
    )

    assert profile_onnx(path, tmp_path).flops.at({}) == 2 * 3 * 2 * 5


def test_flattening_and_reshaping_cost_nothing_and_keep_the_shapes_behind_them(tmp_path: Path) -> None:
    path = write(
        tmp_path / "flat.onnx",
        [
            helper.make_node("Flatten", ["x"], ["flat"]),
            helper.make_node("MatMul", ["flat", "w"], ["m"]),
            helper.make_node("Sigmoid", ["m"], ["y"]),
        ],
        [("x", TensorProto.FLOAT, ["batch", 4, 4])],
        [("y", TensorProto.FLOAT, ["batch", 3])],
        [("w", np.zeros((16, 3), np.float32))],
    )

    profile = profile_onnx(path, tmp_path)

    assert profile.given.uncosted == ()
    assert profile.flops.at({"batch": 2}) == 2 * (2 * 16 * 3) + 2 * (4 * 3)


def test_the_models_own_functions_are_costed_as_what_they_hold(tmp_path: Path) -> None:
    layer = helper.make_function(
        "own",
        "Layer",
        ["x", "w"],
        ["y"],
        [helper.make_node("MatMul", ["x", "w"], ["m"]), helper.make_node("Relu", ["m"], ["y"])],
        [helper.make_opsetid("", 17)],
    )
    graph = helper.make_graph(
        [helper.make_node("Layer", ["x", "w"], ["y"], domain="own")],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 2])],
        [numpy_helper.from_array(np.zeros((4, 2), np.float32), "w")],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    made = helper.make_model(graph, functions=[layer], opset_imports=opsets, ir_version=9)
    path = tmp_path / "function.onnx"
    path.write_bytes(made.SerializeToString())

    profile = profile_onnx(path, tmp_path)

    assert profile.given.uncosted == ()
    assert profile.flops.at({"batch": 3}) == 3 * (2 * 4 * 2 + 2)


@pytest.fixture(scope="module")
def profile(make_mlp, tmp_path_factory) -> ModelProfile:
    directory = tmp_path_factory.mktemp("model")
    return profile_onnx(make_mlp(directory / "mlp.onnx", (30, 64, 2)), directory)


@given(batch=st.integers(1, 10_000), factor=st.integers(2, 50))
@settings(max_examples=50, deadline=None)
def test_an_mlps_operations_and_activations_grow_with_the_batch(profile: ModelProfile, batch: int, factor: int) -> None:
    for count in (profile.flops, profile.activation_bytes):
        assert count.at({"batch": factor * batch}) == factor * count.at({"batch": batch})
