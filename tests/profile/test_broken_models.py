"""Every file that is no sound model inside the project gets a ModelError that says what and what to do."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from infractl.errors import ModelError
from infractl.profile.onnx import profile_onnx


def empty(path: Path, model: bytes) -> None:
    path.write_bytes(b"")


def text(path: Path, model: bytes) -> None:
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:9f2c\nsize 12345\n")


def yaml(path: Path, model: bytes) -> None:
    path.write_text("apiVersion: infractl.dev/v1\n")


def zeros(path: Path, model: bytes) -> None:
    path.write_bytes(bytes(4096))


def truncated(path: Path, model: bytes) -> None:
    path.write_bytes(model[: len(model) // 2])


def one_byte_short(path: Path, model: bytes) -> None:
    path.write_bytes(model[:-1])


def damaged(path: Path, model: bytes) -> None:
    path.write_bytes(model[:40] + bytes(255 - b for b in model[40:]))


def directory(path: Path, model: bytes) -> None:
    path.mkdir()


def fifo(path: Path, model: bytes) -> None:
    os.mkfifo(path)


def unknown_operator(path: Path, model: bytes) -> None:
    broken = onnx.load_model_from_string(model)
    broken.graph.node[0].op_type = "Gem"
    path.write_bytes(broken.SerializeToString())


def contradictory_shapes(path: Path, model: bytes) -> None:
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    save(path, nodes, numpy_helper.from_array(np.ones((5, 3), np.float32), "w"))


def contradictory_types(path: Path, model: bytes) -> None:
    save(path, [helper.make_node("Add", ["x", "w"], ["y"])], numpy_helper.from_array(np.ones(3, np.int64), "w"))


def no_matrix(path: Path, model: bytes) -> None:
    nodes = [helper.make_node("Flatten", ["w"], ["flat"]), helper.make_node("Gemm", ["x", "w"], ["y"])]
    save(path, nodes, numpy_helper.from_array(np.ones((3, 3, 1), np.float32), "w"))


def a_shape_that_is_not_what_was_declared(path: Path, model: bytes) -> None:
    nodes = [helper.make_node("Concat", ["x", "w"], ["y"], axis=1)]
    save(path, nodes, numpy_helper.from_array(np.ones((1, 4), np.float32), "w"))


def newer_opset(path: Path, model: bytes) -> None:
    save(path, [helper.make_node("Relu", ["x"], ["y"])], opset=99)


def save(path: Path, nodes: list[onnx.NodeProto], *weights: onnx.TensorProto, opset: int = 17) -> None:
    """A model from x [batch, 3] to y [batch, 3], whatever the nodes make of it."""
    tensors = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 3]) for name in "xy"]
    graph = helper.make_graph(nodes, "graph", tensors[:1], tensors[1:], list(weights))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
    path.write_bytes(model.SerializeToString())


def unconnected(path: Path, model: bytes) -> None:
    broken = onnx.load_model_from_string(model)
    broken.graph.node[0].input[0] = "nowhere"
    path.write_bytes(broken.SerializeToString())


@pytest.mark.parametrize(
    "spoil",
    [
        empty,
        text,
        yaml,
        zeros,
        truncated,
        one_byte_short,
        damaged,
        directory,
        fifo,
        unknown_operator,
        unconnected,
        contradictory_shapes,
        contradictory_types,
        no_matrix,
        a_shape_that_is_not_what_was_declared,
        newer_opset,
    ],
    ids=lambda spoil: spoil.__name__,
)
def test_what_is_no_sound_model_is_unreadable(make_mlp, tmp_path: Path, spoil: Callable[[Path, bytes], None]) -> None:
    model = make_mlp(tmp_path / "sound.onnx").read_bytes()
    path = tmp_path / "spoiled.onnx"
    spoil(path, model)

    problem = refusal(path, tmp_path)

    assert problem.slug == "model-unreadable"
    assert problem.detail and problem.remedy and problem.at == str(path)


@pytest.mark.parametrize("spoil", [empty, text, truncated, one_byte_short, damaged], ids=lambda spoil: spoil.__name__)
def test_of_a_file_that_is_not_whole_the_copy_is_to_be_checked(make_mlp, tmp_path: Path, spoil) -> None:
    spoil(tmp_path / "m.onnx", make_mlp(tmp_path / "sound.onnx").read_bytes())

    assert "copied" in refusal(tmp_path / "m.onnx", tmp_path).remedy


@pytest.mark.parametrize("spoil", [unknown_operator, unconnected, contradictory_shapes, contradictory_types, no_matrix])
def test_what_was_made_wrong_is_to_be_mended_where_it_is_made(make_mlp, tmp_path: Path, spoil) -> None:
    spoil(tmp_path / "m.onnx", make_mlp(tmp_path / "sound.onnx").read_bytes())

    remedy = refusal(tmp_path / "m.onnx", tmp_path).remedy

    assert "where the model is made" in remedy and "copied" not in remedy


@pytest.mark.parametrize("spoil", [directory, fifo])
def test_what_is_no_file_is_to_be_named(make_mlp, tmp_path: Path, spoil) -> None:
    spoil(tmp_path / "m.onnx", b"")

    assert "name the model's file" in refusal(tmp_path / "m.onnx", tmp_path).remedy


def test_shapes_that_contradict_each_other_are_told_in_onnx_s_words_without_its_names(tmp_path: Path) -> None:
    contradictory_shapes(tmp_path / "m.onnx", b"")

    problem = refusal(tmp_path / "m.onnx", tmp_path)

    assert problem.detail == "(op_type:MatMul): Incompatible dimensions for matrix multiplication"


def test_an_opset_from_the_future_is_named_with_the_newest_that_is_known(tmp_path: Path) -> None:
    newer_opset(tmp_path / "m.onnx", b"")

    problem = refusal(tmp_path / "m.onnx", tmp_path)

    assert "opset 99" in problem.detail and str(onnx.defs.onnx_opset_version()) in problem.detail
    assert "older opset" in problem.remedy


def test_a_missing_file_is_missing(tmp_path: Path) -> None:
    problem = refusal(tmp_path / "absent.onnx", tmp_path)

    assert problem.slug == "model-missing"
    assert "absent.onnx" in problem.detail and problem.remedy


def test_a_file_that_may_not_be_read_is_unreadable(make_mlp, tmp_path: Path) -> None:
    path = make_mlp(tmp_path / "secret.onnx")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")

    assert refusal(path, tmp_path).slug == "model-unreadable"


def test_an_output_that_is_no_tensor_is_refused(tmp_path: Path) -> None:
    sequence = helper.make_tensor_sequence_value_info("parts", TensorProto.FLOAT, None)
    graph = helper.make_graph(
        [helper.make_node("SequenceConstruct", ["x"], ["parts"])],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3])],
        [sequence],
    )
    path = tmp_path / "sequence.onnx"
    path.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9).SerializeToString())

    problem = refusal(path, tmp_path)

    assert problem.slug == "model-unsupported-type"
    assert problem.detail == "parts is a sequence_type"
    assert "plain tensors" in problem.remedy


def test_an_output_of_an_element_type_that_no_request_carries_is_refused(tmp_path: Path) -> None:
    graph = helper.make_graph(
        [helper.make_node("Cast", ["x"], ["y"], to=TensorProto.FLOAT8E5M2)],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT8E5M2, ["batch", 3])],
    )
    path = tmp_path / "narrow.onnx"
    path.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9).SerializeToString())

    problem = refusal(path, tmp_path)

    assert problem.slug == "model-unsupported-type"
    assert problem.detail == "y is a tensor of FLOAT8E5M2"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a model in `models/` whose weights are in `models/weights.bin`."""
    models = tmp_path / "project" / "models"
    models.mkdir(parents=True)
    weight = numpy_helper.from_array(np.ones((64, 64), np.float32), "weight")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "weight"], ["y"])],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 64])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 64])],
        [weight],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, models / "model.onnx", save_as_external_data=True, location="weights.bin", size_threshold=0)
    return tmp_path / "project"


def relocate(model: Path, location: str) -> None:
    """Make the model's weights say that they are at `location`."""
    changed = onnx.load(model, load_external_data=False)
    for tensor in changed.graph.initializer:
        next(e for e in tensor.external_data if e.key == "location").value = location
    model.write_bytes(changed.SerializeToString())


def test_weights_beside_the_model_count_as_its_size(project: Path) -> None:
    model = project / "models" / "model.onnx"

    profile = profile_onnx(model, project)

    assert profile.size_bytes == model.stat().st_size + (project / "models" / "weights.bin").stat().st_size
    assert profile.flops.at({"batch": 1}) == 2 * 64 * 64


def test_a_shape_that_is_kept_beside_the_model_is_read(tmp_path: Path) -> None:
    nodes = [helper.make_node("Reshape", ["x", "shape"], ["flat"]), helper.make_node("MatMul", ["flat", "weight"], ["y"])]
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 2, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 400])],
        [
            numpy_helper.from_array(np.array([0, 6], np.int64), "shape"),
            numpy_helper.from_array(np.ones((6, 400), np.float32), "weight"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, tmp_path / "m.onnx", save_as_external_data=True, location="all.bin", size_threshold=0)

    profile = profile_onnx(tmp_path / "m.onnx", tmp_path)

    assert profile.given.uncosted == ()
    assert profile.flops.at({"batch": 1}) == 2 * 6 * 400
    assert profile.size_bytes == sum(file.stat().st_size for file in tmp_path.iterdir())


@pytest.mark.parametrize("location", ["../../outside.bin", "/etc/hostname", "../models/../../outside.bin", ""])
def test_weights_outside_the_project_are_refused(project: Path, location: str) -> None:
    (project.parent / "outside.bin").write_bytes(bytes(64 * 64 * 4))
    relocate(project / "models" / "model.onnx", location)

    problem = refusal(project / "models" / "model.onnx", project)

    assert problem.slug == "model-data-outside"
    assert "weight" in problem.detail and problem.remedy


def test_a_link_that_leads_out_of_the_project_is_outside(project: Path) -> None:
    outside = project.parent / "outside.bin"
    weights = project / "models" / "weights.bin"
    weights.rename(outside)
    weights.symlink_to(outside)

    assert refusal(project / "models" / "model.onnx", project).slug == "model-data-outside"


def test_missing_weights_are_missing(project: Path) -> None:
    (project / "models" / "weights.bin").unlink()

    problem = refusal(project / "models" / "model.onnx", project)

    assert problem.slug == "model-data-missing"
    assert "weights.bin" in problem.detail


def test_weights_that_were_copied_in_part_are_missing(project: Path) -> None:
    weights = project / "models" / "weights.bin"
    weights.write_bytes(weights.read_bytes()[:-100])

    assert refusal(project / "models" / "model.onnx", project).slug == "model-data-missing"


def refusal(path: Path, project_root: Path):
    with pytest.raises(ModelError) as caught:
        profile_onnx(path, project_root)
    return caught.value.diagnostics[0]
