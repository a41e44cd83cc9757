"""Simplify: constants, shapes and the opset, and not one answer changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from infractl.optimizer.passes.contract import PassRefusedError, Work
from infractl.optimizer.passes.registry import find_pass

MakeWork = Callable[..., Work]
Answers = Callable[..., Any]


def test_an_old_net_gets_initializers_shapes_and_a_later_opset(convolutions: Path, make_work: MakeWork, answers: Answers) -> None:
    work = make_work(convolutions)

    made = find_pass("simplify").run(work)

    model = onnx.load(made.model)
    onnx.checker.check_model(model, full_check=True)
    assert model.opset_import[0].version == 13
    assert Counter(node.op_type for node in model.graph.node)["Constant"] == 0
    assert {each.name: len(each.type.tensor_type.shape.dim) for each in model.graph.value_info}["c2"] == 4
    assert made.notes == ("opset 11 was raised to 13", "15 constant nodes became initializers")
    np.testing.assert_allclose(answers(made.model, work.search), answers(convolutions, work.search), rtol=1e-4, atol=1e-5)


def test_a_constant_that_holds_a_plain_number_becomes_one_too(attention: Path, make_work: MakeWork, answers: Answers) -> None:
    work = make_work(attention)

    made = find_pass("simplify").run(work)

    weights = {each.name: numpy_helper.to_array(each) for each in onnx.load(made.model).graph.initializer}
    assert weights["scale"].shape == () and weights["scale"] == np.float32(32**-0.5)
    np.testing.assert_allclose(answers(made.model, work.search), answers(attention, work.search), rtol=1e-5)


def test_what_is_simple_stays(dense: Path, make_work: MakeWork) -> None:
    made = find_pass("simplify").run(make_work(dense))

    assert made.notes == ("there was nothing to simplify",)
    assert onnx.load(made.model).graph.node == onnx.load(dense).graph.node


def test_constants_in_a_branch_become_initializers_of_the_branch(tmp_path: Path, make_work: MakeWork) -> None:
    def branch(value: float) -> onnx.GraphProto:
        return helper.make_graph(
            [helper.make_node("Constant", [], ["c"], value_floats=[value]), helper.make_node("Add", ["x", "c"], ["z"])],
            "branch",
            [],
            [helper.make_tensor_value_info("z", TensorProto.FLOAT, None)],
        )

    graph = helper.make_graph(
        [
            helper.make_node("ReduceMax", ["x"], ["top"], keepdims=0),
            helper.make_node("Cast", ["top"], ["positive"], to=TensorProto.BOOL),
            helper.make_node("If", ["positive"], ["y"], then_branch=branch(1.0), else_branch=branch(2.0)),
        ],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )
    path = tmp_path / "branches.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)

    made = find_pass("simplify").run(make_work(path))

    [conditional] = (node for node in onnx.load(made.model).graph.node if node.op_type == "If")
    assert [[node.op_type for node in each.g.node] for each in conditional.attribute] == [["Add"], ["Add"]]
    assert made.notes == ("2 constant nodes became initializers",)


def test_a_file_that_is_no_model_is_refused(dense: Path, make_work: MakeWork) -> None:
    work = make_work(dense)
    dense.write_text("no model")

    with pytest.raises(PassRefusedError, match="model-unreadable"):
        find_pass("simplify").run(work)


def test_a_setting_that_it_does_not_have_is_refused(dense: Path, make_work: MakeWork) -> None:
    with pytest.raises(PassRefusedError, match="settings: bits is not among: none"):
        find_pass("simplify").run(make_work(dense, {"bits": 4}))


def test_an_unknown_pass_is_refused_with_the_known_ones() -> None:
    with pytest.raises(PassRefusedError, match="pass-unknown: shrink is not among: simplify, fp16"):
        find_pass("shrink")
