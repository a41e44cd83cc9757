"""What an If, a Loop and a Scan cost: exactly where it is known what is run, else by a bound that says so."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import NodeProto, numpy_helper

from tests.profile.models import BOOL, FLOAT, INT64, given, graph_of, model_of, node, sampled

ROWS = [("x", FLOAT, ["batch", 3])]


def branch(name: str, *nodes: NodeProto, output: str = "chosen"):
    return graph_of(list(nodes), [], [(output, FLOAT, None)], name=name)


def choice(condition: str):
    """A dear branch that joins x to itself, and a cheap one."""
    dear = branch("dear", node("Concat", "x x x x", "wide", axis=1), node("Relu", "wide", "chosen"))
    cheap = branch("cheap", node("Relu", "x", "chosen"))
    return node("If", condition, "y", then_branch=cheap, else_branch=dear)


def test_of_an_if_that_a_request_decides_the_dearer_branch_counts_and_the_bound_is_named() -> None:
    inputs = [*ROWS, ("flag", BOOL, [])]

    found = sampled(model_of(graph_of([choice("flag")], inputs, [("y", FLOAT, ["batch", "n"])])))

    execution = found.costed.execution
    assert execution.uncosted == ()
    assert [cost.operator for cost in execution.operators] == ["If", "Concat", "Relu"]
    assert given(found, "Relu", batch=5) == [5 * 12]
    assert execution.bounded == ("y",)


@pytest.mark.parametrize(("truth", "elements"), [(True, 3), (False, 12)])
def test_of_an_if_whose_condition_is_known_the_branch_that_is_taken_counts(truth: bool, elements: int) -> None:
    graph = graph_of([choice("flag")], ROWS, [("y", FLOAT, ["batch", "n"])], {"flag": np.array(truth)})

    found = sampled(model_of(graph))

    assert given(found, "Relu", batch=5) == [5 * elements]
    assert found.costed.execution.bounded == ()


def test_a_condition_that_follows_from_shapes_is_known() -> None:
    nodes = [node("Shape", "x", "shape"), node("Size", "shape", "rank"), node("Equal", "rank two", "flag"), choice("flag")]

    found = sampled(model_of(graph_of(nodes, ROWS, [("y", FLOAT, ["batch", "n"])], {"two": np.array(2)})))

    assert given(found, "Relu", batch=5) == [5 * 3]
    assert found.costed.execution.bounded == ()


def test_what_the_cheaper_branch_hides_is_listed_as_not_costed() -> None:
    hidden = branch("hidden", node("Project", "x", "m", domain="com.example"), node("Relu", "x", "chosen"))
    known = branch("known", node("Concat", "x x", "wide", axis=1), node("Relu", "wide", "chosen"))
    inputs = [*ROWS, ("flag", BOOL, [])]
    nodes = [node("If", "flag", "y", then_branch=hidden, else_branch=known)]

    found = sampled(model_of(graph_of(nodes, inputs, [("y", FLOAT, ["batch", "n"])]), com_example=1))

    assert found.costed.execution.uncosted == (("com.example.Project", 1),)
    assert given(found, "Relu", batch=1) == [6]


def test_weights_in_a_branch_are_weights() -> None:
    weights = {"w": np.zeros((3, 400), np.float32)}
    inner = graph_of([node("MatMul", "x w", "chosen")], [], [("chosen", FLOAT, None)], weights, "inner")
    other = branch("other", node("Relu", "x", "chosen"))
    inputs = [*ROWS, ("flag", BOOL, [])]
    nodes = [node("If", "flag", "y", then_branch=inner, else_branch=other)]

    found = sampled(model_of(graph_of(nodes, inputs, [("y", FLOAT, ["batch", "n"])])))

    product = next(cost for cost in found.costed.execution.operators if cost.operator == "MatMul")
    assert product.weight_bytes == 3 * 400 * 4


def loop(limit: str, *, ends: str = "going", grows: bool = False) -> NodeProto:
    """A state of [batch, 3] goes through a Relu in each round, and each round's is kept."""
    nodes = [node("Relu", "state", "next"), node("Identity", "next", "kept"), node("Identity", ends, "on")]
    if grows:
        nodes[0] = node("Concat", "state x", "next", axis=1)
    body = graph_of(
        nodes,
        [("round", INT64, []), ("going", BOOL, []), ("state", FLOAT, None)],
        [("on", BOOL, []), ("next", FLOAT, None), ("kept", FLOAT, None)],
        name="body",
    )
    return node("Loop", f"{limit} - x", "last all", body=body)


LOOP_OUTPUTS = [("last", FLOAT, ["batch", "n"]), ("all", FLOAT, ["rounds", "batch", "m"])]


def test_a_loop_of_a_known_number_of_rounds_costs_its_body_that_often() -> None:
    nodes = [loop("limit"), node("Neg", "all", "after")]
    outputs = [*LOOP_OUTPUTS, ("after", FLOAT, ["rounds", "batch", "m"])]

    found = sampled(model_of(graph_of(nodes, ROWS, outputs, {"limit": np.array(7)})))

    execution = found.costed.execution
    assert execution.uncosted == () and execution.bounded == ()
    assert given(found, "Relu", batch=5) == [7 * 5 * 3]
    relu = next(cost for cost in execution.operators if cost.operator == "Relu")
    assert relu.at({"batch": 5}).steps == 7
    assert given(found, "Neg", batch=5) == [7 * 5 * 3]


def test_a_loop_over_the_length_of_a_sequence_costs_in_proportion_to_it() -> None:
    nodes = [node("Shape", "tokens", "shape"), node("Gather", "shape one", "limit", axis=0), loop("limit")]
    inputs = [*ROWS, ("tokens", INT64, ["batch", "length"])]

    found = sampled(model_of(graph_of(nodes, inputs, LOOP_OUTPUTS, {"one": np.array(1)})))

    assert found.costed.execution.uncosted == ()
    assert given(found, "Relu", batch=5, length=11) == [11 * 5 * 3]


def test_a_loop_that_may_end_before_its_limit_is_bounded_by_it() -> None:
    inputs = [*ROWS, ("flag", BOOL, [])]

    found = sampled(model_of(graph_of([loop("limit", ends="flag")], inputs, LOOP_OUTPUTS, {"limit": np.array(7)})))

    assert given(found, "Relu", batch=5) == [7 * 5 * 3]
    assert found.costed.execution.bounded == ("last",)


@pytest.mark.parametrize("limit", [np.iinfo(np.int64).max, -1])
def test_a_loop_without_a_bound_is_listed_with_what_it_holds(limit: int) -> None:
    found = sampled(model_of(graph_of([loop("limit")], ROWS, LOOP_OUTPUTS, {"limit": np.array(limit)})))

    assert dict(found.costed.execution.uncosted) == {"Loop": 1, "Relu": 1, "Identity": 2}


def test_a_loop_whose_limit_a_request_says_is_listed_with_what_it_holds() -> None:
    found = sampled(model_of(graph_of([loop("limit")], [*ROWS, ("limit", INT64, [])], LOOP_OUTPUTS)))

    assert dict(found.costed.execution.uncosted) == {"Loop": 1, "Relu": 1, "Identity": 2}


def test_a_loop_whose_state_grows_is_not_costed_as_if_it_stayed() -> None:
    found = sampled(model_of(graph_of([loop("limit", grows=True)], ROWS, LOOP_OUTPUTS, {"limit": np.array(7)})))

    assert dict(found.costed.execution.uncosted) == {"Loop": 1, "Concat": 1, "Identity": 2}


def test_a_loop_that_is_never_entered_costs_nothing_but_itself() -> None:
    found = sampled(model_of(graph_of([loop("limit")], ROWS, LOOP_OUTPUTS, {"limit": np.array(0)})))

    assert [cost.operator for cost in found.costed.execution.operators] == ["Loop"]
    assert found.costed.execution.uncosted == ()


@pytest.mark.parametrize("axis", [0, 1])
def test_a_scan_costs_its_body_once_for_each_piece_of_its_sequence(axis: int) -> None:
    body = graph_of(
        [node("Add", "state piece", "next"), node("Relu", "next", "made")],
        [("state", FLOAT, ["batch", 4]), ("piece", FLOAT, ["batch", 4])],
        [("next", FLOAT, ["batch", 4]), ("made", FLOAT, ["batch", 4])],
        name="body",
    )
    shape = ["batch", 4]
    shape.insert(axis, "length")
    scan = node("Scan", "start x", "last all", body=body, num_scan_inputs=1, scan_input_axes=[axis], scan_output_axes=[axis])
    inputs = [("start", FLOAT, ["batch", 4]), ("x", FLOAT, shape)]
    nodes = [scan, node("Neg", "all", "y")]

    found = sampled(model_of(graph_of(nodes, inputs, [("last", FLOAT, ["batch", 4]), ("y", FLOAT, shape)])))

    execution = found.costed.execution
    assert execution.uncosted == () and execution.bounded == ()
    for operator in ("Add", "Relu", "Neg"):
        assert given(found, operator, batch=2, length=9) == [2 * 9 * 4]


def test_a_body_sees_what_is_around_it_and_hides_nothing_of_it() -> None:
    inner = branch("inner", node("Mul", "x twice", "chosen"))
    outer = graph_of(
        [node("Add", "x x", "twice"), node("If", "flag", "out", then_branch=inner, else_branch=inner)],
        [],
        [("out", FLOAT, ["batch", 3])],
        name="outer",
    )
    nodes = [node("If", "flag", "y", then_branch=outer, else_branch=outer)]
    inputs = [*ROWS, ("flag", BOOL, [])]

    found = sampled(model_of(graph_of(nodes, inputs, [("y", FLOAT, ["batch", 3])])))

    assert given(found, "Mul", batch=2) == [6]
    assert len(found.costed.execution.bounded) == 2


def test_a_branch_of_constants_is_evaluated() -> None:
    constant = node("Constant", "", "chosen", value=numpy_helper.from_array(np.zeros((2, 3), np.float32)))
    nodes = [
        node("If", "flag", "c", then_branch=branch("one", constant), else_branch=branch("two", constant)),
        node("Add", "x c", "y"),
    ]
    inputs = [("x", FLOAT, [2, 3]), ("flag", BOOL, [])]

    found = sampled(model_of(graph_of(nodes, inputs, [("y", FLOAT, [2, 3])])))

    assert given(found, "Add") == [6]
