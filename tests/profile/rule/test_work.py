"""What operators cost, against arithmetic done by hand in the test."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infractl.domain.work import Family, Product
from infractl.profile.node import Node, Operand
from infractl.profile.rule.work import _RULES, work_of
from infractl.tensors import Dtype


def tensor(*shape: int, weight: bool = False) -> Operand:
    return Operand(shape=shape, dtype=Dtype.float32, element_bytes=4, weight=weight)


def node(operator: str, inputs: list[Operand | None], *outputs: Operand | None, domain: str = "", **attributes: Any) -> Node:
    return Node(name="n", operator=operator, domain=domain, inputs=tuple(inputs), outputs=tuple(outputs), attributes=attributes)


def test_the_first_convolution_of_resnet_50() -> None:
    """7 x 7 over 3 channels, 64 out, 224 x 224 to 112 x 112: 118 million multiply-adds, as is published."""
    image, kernel = tensor(2, 3, 224, 224), tensor(64, 3, 7, 7, weight=True)

    work = work_of(node("Conv", [image, kernel], tensor(2, 64, 112, 112), strides=[2, 2]))

    assert work is not None
    assert work.flops == 2 * 2 * 64 * 112 * 112 * 3 * 7 * 7 == 2 * 2 * 118_013_952
    assert work.product == Product(count=1, rows=2 * 112 * 112, depth=147, columns=64)
    assert (work.family, work.weight_bytes) == (Family.convolution, 4 * 64 * 147)
    assert work.activation_bytes == 4 * 2 * (3 * 224 * 224 + 64 * 112 * 112)


@pytest.mark.parametrize(("groups", "inside", "family"), [(32, 1, Family.depthwise), (4, 8, Family.convolution)])
def test_a_convolution_with_one_channel_a_group_is_depthwise(groups: int, inside: int, family: Family) -> None:
    made = node("Conv", [tensor(1, 32, 8, 8), tensor(32, inside, 3, 3, weight=True)], tensor(1, 32, 8, 8), group=groups)

    work = work_of(made)

    assert work is not None
    assert (work.family, work.flops) == (family, 2 * 32 * 8 * 8 * inside * 9)


def test_a_convolution_that_enlarges_spreads_each_input_over_its_kernel() -> None:
    made = node("ConvTranspose", [tensor(1, 8, 5, 5), tensor(8, 4, 2, 2, weight=True)], tensor(1, 4, 10, 10), strides=[2, 2])

    work = work_of(made)

    assert work is not None
    assert work.flops == 2 * (5 * 5) * 8 * (4 * 2 * 2)


def test_a_matrix_for_a_whole_sequence_is_one_product_and_attention_is_one_for_each_head() -> None:
    layer = work_of(node("MatMul", [tensor(2, 7, 16), tensor(16, 64, weight=True)], tensor(2, 7, 64)))
    scores = work_of(node("MatMul", [tensor(2, 4, 7, 8), tensor(2, 4, 8, 7)], tensor(2, 4, 7, 7)))

    assert layer is not None and layer.product == Product(count=1, rows=14, depth=16, columns=64)
    assert scores is not None and scores.product == Product(count=8, rows=7, depth=8, columns=7)
    assert scores.flops == 2 * 8 * 7 * 7 * 8


@pytest.mark.parametrize(("operator", "gates"), [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
def test_a_recurrent_operator_multiplies_input_and_state_at_each_step(operator: str, gates: int) -> None:
    inputs = [tensor(10, 2, 6), tensor(1, gates * 5, 6, weight=True), tensor(1, gates * 5, 5, weight=True)]

    work = work_of(node(operator, inputs, tensor(10, 1, 2, 5), hidden_size=5))

    assert work is not None
    assert (work.steps, work.flops) == (10, 10 * 2 * 2 * (6 + 5) * gates * 5)


def test_trees_are_counted_with_the_mean_depth_of_their_leaves() -> None:
    """One tree: a branch whose one side is a leaf and whose other is a branch with two leaves. One tree: a leaf."""
    attributes = {
        "nodes_treeids": [0, 0, 0, 0, 0, 1],
        "nodes_nodeids": [0, 1, 2, 3, 4, 0],
        "nodes_modes": [b"BRANCH_LEQ", b"LEAF", b"BRANCH_LEQ", b"LEAF", b"LEAF", b"LEAF"],
        "nodes_truenodeids": [1, 0, 3, 0, 0, 0],
        "nodes_falsenodeids": [2, 0, 4, 0, 0, 0],
        "target_weights": [1.0, 2.0, 3.0, 4.0],
    }

    work = work_of(node("TreeEnsembleRegressor", [tensor(3, 4)], tensor(3, 1), domain="ai.onnx.ml", **attributes))

    assert work is not None
    assert (work.trees, work.depth) == (2, (1 + 2 + 2 + 0) / 4)
    assert work.flops == 3 * 2 * (work.depth + 1)


def test_trees_that_go_around_in_circles_have_no_cost() -> None:
    attributes = {
        "nodes_treeids": [0, 0, 0],
        "nodes_nodeids": [0, 1, 2],
        "nodes_modes": [b"BRANCH_LEQ", b"BRANCH_LEQ", b"LEAF"],
        "nodes_truenodeids": [1, 1, 0],
        "nodes_falsenodeids": [2, 2, 0],
    }

    assert work_of(node("TreeEnsembleRegressor", [tensor(3, 4)], tensor(3, 1), domain="ai.onnx.ml", **attributes)) is None


def test_of_a_table_only_the_rows_that_are_asked_for_are_read() -> None:
    table, ids = tensor(30_000, 384, weight=True), tensor(1, 16)

    work = work_of(node("Gather", [table, ids], tensor(1, 16, 384)))

    assert work is not None
    assert (work.weight_bytes, work.activation_bytes) == (0, 2 * 4 * 16 * 384 + 4 * 16)


SHAPES = st.lists(st.integers(0, 5), max_size=4).map(tuple)
OPERANDS = st.one_of(st.none(), st.builds(tensor, st.integers(0, 3)), SHAPES.map(lambda shape: tensor(*shape)))
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["group", "kernel_shape", "num_heads", "equation", "coefficients", "layout", "K", "N", "size", "tree_roots"]),
    st.one_of(st.integers(-2, 5), st.just([]), st.just([0, 1]), st.just(b"ab,bc->ac"), st.just(np.zeros(2))),
)


@given(
    key=st.sampled_from(sorted(_RULES)),
    inputs=st.lists(OPERANDS, max_size=6),
    outputs=st.lists(OPERANDS, min_size=0, max_size=2),
    attributes=ATTRIBUTES,
)
def test_no_node_breaks_a_rule(key, inputs, outputs, attributes) -> None:
    """What does not fit costs nothing that is known, and is no error."""
    domain, operator = key

    work = work_of(node(operator, inputs, *outputs, domain=domain, **attributes))

    assert work is None or (work.flops == work.flops and work.activation_bytes >= 0)
