"""What activations take at once, counted by hand."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np

from infractl.domain.profile import ModelProfile
from infractl.profile.onnx import profile_onnx
from tests.profile.models import BOOL, FLOAT, graph_of, model_of, node, sampled


def peak(model, **sizes: int) -> float:
    return max(live.at(sizes) for live in sampled(model).costed.live_bytes)


def products(*widths: int):
    """Matrix products in a row, each from one width to the next."""
    weights = {f"w_{i}": np.zeros((a, b), np.float32) for i, (a, b) in enumerate(pairwise(widths))}
    nodes = [node("MatMul", f"v_{i} w_{i}", f"v_{i + 1}") for i in range(len(weights))]
    return nodes, weights


def test_a_tensor_lives_from_where_it_is_made_to_where_it_is_last_read() -> None:
    nodes, weights = products(1, 100, 10, 50, 1)
    model = model_of(graph_of(nodes, [("v_0", FLOAT, ["n", 1])], [("v_4", FLOAT, ["n", 1])], weights))

    # The input, which the caller keeps, and the two largest neighbours.
    assert peak(model, n=3) == 3 * 4 * (1 + 100 + 10)


def test_what_is_read_again_later_stays_alive() -> None:
    nodes, weights = products(1, 100, 10, 50)
    weights["w_1"] = np.zeros((100, 100), np.float32)
    weights["w_2"] = np.zeros((100, 100), np.float32)
    nodes = [*nodes, node("Add", "v_1 v_3", "y")]
    model = model_of(graph_of(nodes, [("v_0", FLOAT, ["n", 1])], [("y", FLOAT, ["n", 100])], weights))

    assert peak(model, n=3) == 3 * 4 * (1 + 100 + 100 + 100)


def test_a_view_takes_no_room_and_keeps_what_it_looks_at_alive() -> None:
    nodes = [
        node("MatMul", "x wide", "a"),
        node("Reshape", "a shape", "b"),
        node("MatMul", "x wide", "c"),
        node("Reshape", "b back", "d"),
        node("MatMul", "d narrow", "y"),
        node("MatMul", "c narrow", "z"),
    ]
    weights = {
        "wide": np.zeros((1, 100), np.float32),
        "narrow": np.zeros((100, 1), np.float32),
        "shape": np.array([-1, 10, 10]),
        "back": np.array([-1, 100]),
    }
    outputs = [("y", FLOAT, ["n", 1]), ("z", FLOAT, ["n", 1])]

    assert peak(model_of(graph_of(nodes, [("x", FLOAT, ["n", 1])], outputs, weights)), n=3) == 3 * 4 * (1 + 100 + 100 + 1)


def test_what_goes_element_by_element_takes_the_room_of_what_nobody_reads_afterwards() -> None:
    nodes, weights = products(1, 100)
    nodes += [node("Relu", "v_1", "y")]
    model = model_of(graph_of(nodes, [("v_0", FLOAT, ["n", 1])], [("y", FLOAT, ["n", 100])], weights))

    assert peak(model, n=3) == 3 * 4 * (1 + 100)


def test_a_request_s_own_tensor_is_not_written_into() -> None:
    model = model_of(graph_of([node("Relu", "x", "y")], [("x", FLOAT, ["n", 100])], [("y", FLOAT, ["n", 100])]))

    assert peak(model, n=3) == 3 * 4 * (100 + 100)


def test_the_worst_moment_may_be_another_one_at_another_size() -> None:
    """Early a tensor of 500 numbers an item, later one that is quadratic in the length."""
    nodes = [
        node("MatMul", "x wide", "early"),
        node("MatMul", "early narrow", "rows"),
        node("Transpose", "rows", "columns", perm=[1, 0]),
        node("MatMul", "rows columns", "scores"),
        node("ReduceSum", "scores", "y"),
    ]
    weights = {"wide": np.zeros((4, 500), np.float32), "narrow": np.zeros((500, 4), np.float32)}
    model = model_of(graph_of(nodes, [("x", FLOAT, ["length", 4])], [("y", FLOAT, [1, 1])], weights))

    assert peak(model, length=10) == 4 * (10 * 4 + 10 * 500 + 10 * 4)
    assert peak(model, length=2000) == 4 * (2000 * 4 + 2 * 2000 * 4 + 2000 * 2000)


def test_what_a_branch_needs_is_alive_while_the_branch_runs() -> None:
    inner = graph_of(
        [node("Concat", "x x x x", "wide", axis=1), node("ReduceSum", "wide", "chosen")],
        [],
        [("chosen", FLOAT, None)],
        name="inner",
    )
    nodes = [node("If", "flag", "y", then_branch=inner, else_branch=inner)]
    inputs = [("x", FLOAT, ["n", 100]), ("flag", BOOL, [])]

    found = peak(model_of(graph_of(nodes, inputs, [("y", FLOAT, [1, 1])])), n=3)

    assert 3 * 4 * 500 <= found <= 3 * 4 * 500 + 16


def test_a_profile_s_peak_is_that_of_the_graph_that_is_executed(make_mlp, tmp_path: Path) -> None:
    profile: ModelProfile = profile_onnx(make_mlp(tmp_path / "mlp.onnx", (30, 64, 2)), tmp_path)

    assert profile.peak_bytes({"batch": 8}) == 8 * 4 * (30 + 64 + 2)
