"""What a file leaves out of its declarations is found as ONNX Runtime finds it; what cannot be found is told, with what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import ModelProto, TypeProto, ValueInfoProto, helper
from skl2onnx import to_onnx
from skl2onnx.helpers.onnx_helper import select_model_inputs_outputs
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from infractl.engines.engine import SessionOptions
from infractl.engines.onnxruntime import open_session
from infractl.errors import Diagnostic, ModelError
from infractl.profile.onnx import profile_onnx
from tests.profile.models import FLOAT, INT64, graph_of, model_of, node, save

NUMBERS = np.random.default_rng(0).normal(size=(60, 5)).astype(np.float32)
CLASSES = np.arange(60) % 3


def linear() -> ModelProto:
    return to_onnx(LogisticRegression().fit(NUMBERS, CLASSES), NUMBERS[:1], options={"zipmap": False})


def scaled() -> ModelProto:
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(NUMBERS, CLASSES)
    return to_onnx(pipeline, NUMBERS[:1], options={"zipmap": False})


def trees() -> ModelProto:
    return to_onnx(RandomForestClassifier(3).fit(NUMBERS, CLASSES), NUMBERS[:1], options={"zipmap": False})


@pytest.mark.parametrize("output", ["label", "probabilities"])
@pytest.mark.parametrize("make", [linear, scaled, trees], ids=lambda make: make.__name__)
def test_a_pipeline_that_was_cut_at_one_of_its_values_is_profiled_with_the_outputs_that_the_engine_has(
    make: Callable[[], ModelProto], output: str, tmp_path: Path
) -> None:
    cut = select_model_inputs_outputs(make(), [output])
    assert not cut.graph.output[0].HasField("type")
    path = save(cut, tmp_path / "cut.onnx")

    profile = profile_onnx(path, tmp_path)

    assert profile.signature == open_session(path, SessionOptions(threads=1)).signature
    assert profile.given.uncosted == ()
    assert profile.flops.at({"batch": 1}) > 0


def layers() -> ModelProto:
    """Two outputs: rows of a dynamic width, and their sum."""
    nodes = [node("Concat", "x y", "wide", axis=1), node("ReduceSum", "wide one", "sum", keepdims=0), node("Relu", "wide", "z")]
    inputs = [("x", FLOAT, [None, None]), ("y", FLOAT, [None, 3])]
    outputs = [("z", FLOAT, [None, None]), ("sum", FLOAT, [None])]
    return model_of(graph_of(nodes, inputs, outputs, {"one": np.array([1])}))


def without_type(value: ValueInfoProto) -> None:
    value.ClearField("type")


def without_shape(value: ValueInfoProto) -> None:
    value.type.tensor_type.ClearField("shape")


def without_element_type(value: ValueInfoProto) -> None:
    value.type.tensor_type.ClearField("elem_type")


@pytest.mark.parametrize("left_out", [without_type, without_shape])
@pytest.mark.parametrize("places", [[0], [1], [0, 1]])
def test_outputs_without_a_type_or_a_shape_have_what_the_engine_finds(
    left_out: Callable[[ValueInfoProto], None], places: list[int], tmp_path: Path
) -> None:
    model = layers()
    for place in places:
        left_out(model.graph.output[place])
    path = save(model, tmp_path / "model.onnx")

    found = profile_onnx(path, tmp_path).signature
    engines = open_session(path, SessionOptions(threads=1)).signature

    assert found.inputs == engines.inputs
    assert [(each.name, each.dtype, len(each.shape)) for each in found.outputs] == [
        (each.name, each.dtype, len(each.shape)) for each in engines.outputs
    ]
    assert found.batched == engines.batched is True


def test_an_output_that_another_node_reads_may_have_no_shape(tmp_path: Path) -> None:
    """The classes' scores, whose number of axes nobody infers, and the place of the highest."""
    model = scaled()
    model.graph.node.append(helper.make_node("ArgMax", ["probabilities"], ["best"], axis=1, keepdims=0))
    model.graph.output.append(helper.make_tensor_value_info("best", INT64, [None]))
    without_shape(next(value for value in model.graph.output if value.name == "probabilities"))
    path = save(model, tmp_path / "model.onnx")

    profile = profile_onnx(path, tmp_path)

    assert profile.signature == open_session(path, SessionOptions(threads=1)).signature
    assert profile.given.uncosted == ()


def test_what_is_said_of_inner_values_without_a_type_says_nothing(tmp_path: Path) -> None:
    plain, told = layers(), layers()
    empty = ValueInfoProto(name="wide")
    empty.type.CopyFrom(TypeProto())
    told.graph.value_info.extend([ValueInfoProto(name="wide"), empty, ValueInfoProto(), ValueInfoProto(name="nowhere")])

    known = profile_onnx(save(plain, tmp_path / "plain.onnx"), tmp_path)
    found = profile_onnx(save(told, tmp_path / "told.onnx"), tmp_path)

    assert found.given == known.given
    assert found.signature == known.signature


@pytest.mark.parametrize(
    ("leave_out", "lacking"),
    [
        (without_type, "the input x is declared without its type"),
        (without_shape, "the input x is declared without its shape"),
        (without_element_type, "x is declared as a tensor without an element type"),
    ],
)
def test_an_input_of_which_nobody_can_tell_what_to_send_is_refused_as_made_so(
    leave_out: Callable[[ValueInfoProto], None], lacking: str, tmp_path: Path
) -> None:
    model = layers()
    leave_out(model.graph.input[0])

    problem = refusal(save(model, tmp_path / "model.onnx"))

    assert problem.slug == "model-unreadable"
    assert problem.detail == lacking
    assert "script" in problem.remedy and "copied" not in problem.remedy


def test_an_output_whose_type_nobody_tells_is_refused(tmp_path: Path) -> None:
    graph = graph_of([node("Strange", "x", "y", domain="far.away")], [("x", FLOAT, [None, 3])], [("y", FLOAT, [None])])
    without_type(graph.output[0])

    problem = refusal(save(model_of(graph, far_away=1), tmp_path / "model.onnx"))

    assert problem.detail == "the output y is declared without its type, and nothing else tells it"


def test_an_inner_tensor_without_an_element_type_is_refused_as_by_the_engine(tmp_path: Path) -> None:
    model = layers()
    model.graph.value_info.append(helper.make_tensor_value_info("wide", FLOAT, [None, None]))
    without_element_type(model.graph.value_info[0])
    path = save(model, tmp_path / "model.onnx")

    with pytest.raises(ModelError):
        open_session(path, SessionOptions(threads=1))
    assert refusal(path).detail == "wide is declared as a tensor without an element type"


def test_maps_that_were_cut_out_of_a_pipeline_are_told_as_maps(tmp_path: Path) -> None:
    whole = to_onnx(LogisticRegression().fit(NUMBERS, CLASSES), NUMBERS[:1])
    path = save(select_model_inputs_outputs(whole, ["output_probability"]), tmp_path / "maps.onnx")

    problem = refusal(path)

    assert problem.slug == "model-unsupported-type"
    assert '"zipmap": False' in problem.remedy


def refusal(path: Path) -> Diagnostic:
    with pytest.raises(ModelError) as caught:
        profile_onnx(path, path.parent)
    return caught.value.diagnostics[0]


def test_onnx_itself_finds_nothing_wrong_with_the_models_of_these_tests() -> None:
    for model in (layers(), linear(), scaled(), trees()):
        onnx.checker.check_model(model, full_check=True)
