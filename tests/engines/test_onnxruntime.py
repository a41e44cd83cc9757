"""ONNX Runtime behind the engine's contract: signatures, answers, and files that are no models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from infractl.engines.engine import SessionOptions
from infractl.engines.registry import open_engine, stand_in
from infractl.errors import ModelError
from infractl.tensors import Dtype, Signature, TensorSpec

MakeMlp = Callable[..., Path]

open_session = open_engine("onnxruntime")


def save(path: Path, nodes: list[onnx.NodeProto], inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto]) -> Path:
    model = helper.make_model(
        helper.make_graph(nodes, "graph", inputs, outputs), opset_imports=[helper.make_opsetid("", 17)], ir_version=9
    )
    path.write_bytes(model.SerializeToString())
    return path


def test_the_signature_is_the_models(make_mlp: MakeMlp, tmp_path: Path) -> None:
    session = open_session(make_mlp(tmp_path / "m.onnx", sizes=(30, 8, 2), batch="n"), SessionOptions())

    assert session.signature == Signature(
        inputs=(TensorSpec(name="features", dtype=Dtype.float32, shape=("n", 30)),),
        outputs=(TensorSpec(name="scores", dtype=Dtype.float32, shape=("n", 2)),),
    )
    assert session.signature.batched


def test_a_first_axis_without_a_name_is_the_batch(make_mlp: MakeMlp, tmp_path: Path) -> None:
    signature = open_session(make_mlp(tmp_path / "m.onnx", batch=None), SessionOptions()).signature

    assert signature.inputs[0].shape == ("batch", 30)
    assert signature.batched


def test_a_fixed_first_axis_is_no_batch(make_mlp: MakeMlp, tmp_path: Path) -> None:
    assert not open_session(make_mlp(tmp_path / "m.onnx", batch=1), SessionOptions()).signature.batched


def test_two_axes_without_names_are_not_taken_for_one(tmp_path: Path) -> None:
    path = save(
        tmp_path / "m.onnx",
        [helper.make_node("Identity", ["a"], ["x"]), helper.make_node("Identity", ["b"], ["y"])],
        [
            helper.make_tensor_value_info("a", TensorProto.INT64, ["n", None]),
            helper.make_tensor_value_info("b", TensorProto.BOOL, ["n", None]),
        ],
        [
            helper.make_tensor_value_info("x", TensorProto.INT64, ["n", None]),
            helper.make_tensor_value_info("y", TensorProto.BOOL, ["n", None]),
        ],
    )

    signature = open_session(path, SessionOptions()).signature

    assert [spec.dtype for spec in signature.inputs] == [Dtype.int64, Dtype.bool_]
    assert [spec.shape for spec in signature.inputs] == [("n", "dim_0"), ("n", "dim_1")]


def test_answers_are_those_of_onnx_runtime_called_directly(make_mlp: MakeMlp, tmp_path: Path) -> None:
    path = make_mlp(tmp_path / "m.onnx")
    features = np.random.default_rng(1).standard_normal((5, 30)).astype(np.float32)

    ours = open_session(path, SessionOptions(threads=2, spinning=True)).run({"features": features})

    theirs = onnxruntime.InferenceSession(str(path)).run(["scores"], {"features": features})[0]
    np.testing.assert_allclose(ours["scores"], theirs, rtol=1e-5)


def test_a_call_that_fails_is_a_model_error_in_plain_words(make_mlp: MakeMlp, tmp_path: Path) -> None:
    session = open_session(make_mlp(tmp_path / "m.onnx"), SessionOptions())

    with pytest.raises(ModelError) as caught:
        session.run({"features": np.zeros((1, 29), np.float32)})

    [diagnostic] = caught.value.diagnostics
    assert diagnostic.slug == "model-run"
    assert "Got: 29 Expected: 30" in diagnostic.detail
    assert "ONNXRuntimeError" not in diagnostic.detail


@pytest.mark.parametrize(
    "content", [b"", b"these are words\n" * 50, bytes(1000), None], ids=["empty", "text", "zeros", "truncated"]
)
def test_a_file_that_is_no_model_is_an_error_that_names_it(content: bytes | None, make_mlp: MakeMlp, tmp_path: Path) -> None:
    path = make_mlp(tmp_path / "m.onnx")
    path.write_bytes(path.read_bytes()[:-5000] if content is None else content)

    with pytest.raises(ModelError) as caught:
        open_session(path, SessionOptions())

    [diagnostic] = caught.value.diagnostics
    assert (diagnostic.slug, diagnostic.at) == ("model-unreadable", str(path))
    assert diagnostic.detail and "ONNXRuntimeError" not in diagnostic.detail and str(path) not in diagnostic.detail


@pytest.mark.parametrize("name", ["absent.onnx", "."])
def test_a_path_without_a_file_is_an_error(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        open_session(tmp_path / name, SessionOptions())

    assert caught.value.diagnostics[0].slug == "model-missing"


def test_a_model_that_gives_more_than_tensors_is_refused(tmp_path: Path) -> None:
    path = save(
        tmp_path / "m.onnx",
        [helper.make_node("SequenceConstruct", ["a"], ["list"])],
        [helper.make_tensor_value_info("a", TensorProto.FLOAT, ["n"])],
        [helper.make_tensor_sequence_value_info("list", TensorProto.FLOAT, ["n"])],
    )

    with pytest.raises(ModelError) as caught:
        open_session(path, SessionOptions())

    assert caught.value.diagnostics[0].slug == "model-unsupported-type"
    assert "list is a seq(tensor(float))" in caught.value.diagnostics[0].detail


def test_an_unknown_engine_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(ModelError, match="warp is not among: onnxruntime"):
        open_engine("warp")


@pytest.mark.parametrize(
    ("name", "opens"), [("openvino", "openvino"), ("onnxruntime", "onnxruntime"), ("tensorrt", "onnxruntime")]
)
def test_what_an_engine_of_another_machine_serves_is_opened_by_onnx_runtime_here(name: str, opens: str) -> None:
    assert stand_in(name) == opens


def test_options_are_entries_of_the_session_configuration(make_mlp: MakeMlp, tmp_path: Path) -> None:
    path = make_mlp(tmp_path / "m.onnx")
    saved = {"session.save_model_format": "ORT"}

    assert open_session(path, SessionOptions(options=saved)).signature == open_session(path, SessionOptions()).signature
