"""OpenVINO behind the engine's contract: the same signatures and answers as ONNX Runtime, and nothing wrong taken silently."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from infractl.engines.engine import SessionOptions
from infractl.engines.registry import open_engine
from infractl.errors import ModelError

pytest.importorskip("openvino", reason="the extra openvino is not installed")

MakeMlp = Callable[..., Path]

open_session = open_engine("openvino")


def features(items: int = 5, width: int = 30) -> Any:
    return np.random.default_rng(1).standard_normal((items, width)).astype(np.float32)


def save(path: Path, nodes: list[onnx.NodeProto], inputs: Mapping[str, list[Any]], outputs: Mapping[str, list[Any]]) -> Path:
    def values(named: Mapping[str, list[Any]]) -> list[onnx.ValueInfoProto]:
        return [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in named.items()]

    graph = helper.make_graph(nodes, "graph", values(inputs), values(outputs))
    path.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9).SerializeToString())
    return path


@pytest.mark.parametrize("batch", ["n", None, 1])
def test_the_signature_is_onnx_runtimes(batch: str | int | None, make_mlp: MakeMlp, tmp_path: Path) -> None:
    path = make_mlp(tmp_path / "m.onnx", batch=batch)

    assert open_session(path, SessionOptions()).signature == open_engine("onnxruntime")(path, SessionOptions()).signature


@pytest.mark.parametrize("threads", [1, 2])
def test_answers_are_onnx_runtimes_within_rounding(threads: int, make_mlp: MakeMlp, tmp_path: Path) -> None:
    path = make_mlp(tmp_path / "m.onnx")
    session = open_session(path, SessionOptions(threads=threads))
    reference = open_engine("onnxruntime")(path, SessionOptions())

    for items in (1, 5, 2):
        inputs = {"features": features(items)}
        np.testing.assert_allclose(session.run(inputs)["scores"], reference.run(inputs)["scores"], rtol=1e-4, atol=1e-5)


def test_an_answer_stays_when_the_next_call_is_made(make_mlp: MakeMlp, tmp_path: Path) -> None:
    session = open_session(make_mlp(tmp_path / "m.onnx"), SessionOptions())
    first = session.run({"features": features()})["scores"]
    kept = first.copy()

    session.run({"features": features() + 1})

    np.testing.assert_array_equal(first, kept)


def test_outputs_that_are_one_tensor_have_their_own_names(tmp_path: Path) -> None:
    path = save(
        tmp_path / "m.onnx",
        [
            helper.make_node("Relu", ["a"], ["second"]),
            helper.make_node("Identity", ["second"], ["first"]),
            helper.make_node("Neg", ["a"], ["third"]),
        ],
        {"a": ["n", 2]},
        {"third": ["n", 2], "first": ["n", 2], "second": ["n", 2]},
    )
    given = np.array([[1, -2]], np.float32)

    found = open_session(path, SessionOptions()).run({"a": given})

    assert {name: tensor.tolist() for name, tensor in found.items()} == {
        "third": [[-1, 2]],
        "first": [[1, 0]],
        "second": [[1, 0]],
    }


def test_products_are_in_fp32_unless_an_option_says_otherwise(make_mlp: MakeMlp, tmp_path: Path) -> None:
    path = make_mlp(tmp_path / "m.onnx", sizes=(30, 256, 2))
    exact = open_engine("onnxruntime")(path, SessionOptions()).run({"features": features()})["scores"]

    def error(options: Mapping[str, str]) -> float:
        found = open_session(path, SessionOptions(options=options)).run({"features": features()})["scores"]
        return float(np.abs(found - exact).max())

    import openvino

    assert error({}) < 1e-4
    if "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        assert 1e-4 < error({"INFERENCE_PRECISION_HINT": "bf16"}) < 0.1


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({}, "the inputs are features, and these were given: none"),
        ({"features": features(), "more": features()}, "these were given: features, more"),
        ({"features": features(width=29)}, "features is ['n', 30], and [5, 29] was given"),
        ({"features": features()[0]}, "features is ['n', 30], and [30] was given"),
        ({"features": features().astype(np.float64)}, "features is FP32, and float64 was given"),
    ],
)
def test_inputs_that_it_would_take_though_they_are_wrong_are_refused(
    inputs: Mapping[str, Any], said: str, make_mlp: MakeMlp, tmp_path: Path
) -> None:
    session = open_session(make_mlp(tmp_path / "m.onnx", batch="n"), SessionOptions())

    with pytest.raises(ModelError) as caught:
        session.run(inputs)

    [diagnostic] = caught.value.diagnostics
    assert diagnostic.slug == "model-run"
    assert said in diagnostic.detail


def test_axes_that_one_input_names_alike_may_have_other_sizes(tmp_path: Path) -> None:
    path = save(tmp_path / "m.onnx", [helper.make_node("Relu", ["a"], ["y"])], {"a": ["n", "?", "?"]}, {"y": ["n", "?", "?"]})

    assert open_session(path, SessionOptions()).run({"a": np.ones((1, 2, 3), np.float32)})["y"].shape == (1, 2, 3)


def test_an_axis_that_two_inputs_share_has_one_size(tmp_path: Path) -> None:
    """Left to itself it adds a tensor of three to one of two, and answers something."""
    path = save(tmp_path / "m.onnx", [helper.make_node("Add", ["a", "b"], ["y"])], {"a": ["n"], "b": ["n"]}, {"y": ["n"]})
    session = open_session(path, SessionOptions())

    with pytest.raises(ModelError, match=r"b is \['n'\], and \[2\] was given"):
        session.run({"a": np.ones(3, np.float32), "b": np.ones(2, np.float32)})


@pytest.mark.parametrize("options", [{"SPEED": "high"}, {"INFERENCE_PRECISION_HINT": "int3"}])
def test_options_that_it_does_not_have_are_an_error_that_names_them(
    options: Mapping[str, str], make_mlp: MakeMlp, tmp_path: Path
) -> None:
    with pytest.raises(ModelError) as caught:
        open_session(make_mlp(tmp_path / "m.onnx"), SessionOptions(options=options))

    [diagnostic] = caught.value.diagnostics
    assert diagnostic.slug == "engine-options"
    assert next(iter(options)) in diagnostic.detail and "src/" not in diagnostic.detail


def test_an_operator_that_it_does_not_have_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    graph = helper.make_graph(
        [helper.make_node("Scaler", ["a"], ["y"], domain="ai.onnx.ml", offset=[0.0], scale=[2.0])],
        "graph",
        [helper.make_tensor_value_info("a", TensorProto.FLOAT, ["n", 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2])],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    path.write_bytes(helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString())

    with pytest.raises(ModelError) as caught:
        open_session(path, SessionOptions())

    [diagnostic] = caught.value.diagnostics
    assert diagnostic.slug == "model-unreadable"
    assert "Scaler" in diagnostic.detail


@pytest.mark.parametrize(("content", "slug"), [(b"these are words\n", "model-unreadable"), (None, "model-missing")])
def test_a_file_that_is_no_model_is_an_error(content: bytes | None, slug: str, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ModelError) as caught:
        open_session(path, SessionOptions())

    assert caught.value.diagnostics[0].slug == slug


def test_it_is_loaded_without_the_package_that_reports_its_use() -> None:
    program = "import sys, infractl.engines.openvino; print(sys.modules['openvino_telemetry'])"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "None\n"
