"""What a model's weights count and take: once each, wherever they are kept, and without being read where they are large."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from infractl.profile.onnx import profile_onnx
from tests.profile.models import FLOAT, graph_of, model_of, node, save

ROWS = [("x", FLOAT, ["batch", 8])]
OUT = [("y", FLOAT, ["batch", 8])]


def external(name: str, dims: list[int], **entries: object) -> TensorProto:
    tensor = TensorProto(name=name, dims=dims, data_type=FLOAT, data_location=TensorProto.EXTERNAL)
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def test_a_weight_in_a_constant_counts_as_one_in_an_initializer(tmp_path: Path) -> None:
    weight = np.ones((8, 8), np.float32)
    constant = helper.make_node("Constant", [], ["w"], value=numpy_helper.from_array(weight))
    product = node("MatMul", "x w", "y")

    inside = profile_onnx(save(model_of(graph_of([constant, product], ROWS, OUT)), tmp_path / "a.onnx"), tmp_path)
    outside = profile_onnx(save(model_of(graph_of([product], ROWS, OUT, {"w": weight})), tmp_path / "b.onnx"), tmp_path)

    assert (inside.parameters, inside.weights_bytes) == (outside.parameters, outside.weights_bytes) == (64, 256)
    assert inside.given == outside.given


def test_a_large_constant_counts_as_well(tmp_path: Path) -> None:
    constant = helper.make_node("Constant", [], ["w"], value=numpy_helper.from_array(np.ones((8, 4000), np.float32)))
    graph = graph_of([constant, node("MatMul", "x w", "y")], ROWS, [("y", FLOAT, ["batch", 4000])])

    profile = profile_onnx(save(model_of(graph), tmp_path / "m.onnx"), tmp_path)

    assert (profile.parameters, profile.weights_bytes) == (32_000, 128_000)
    assert profile.given.operators[0].weight_bytes == 128_000


def test_numbers_that_say_shapes_are_no_parameters_and_take_bytes(tmp_path: Path) -> None:
    graph = graph_of([node("Reshape", "x shape", "y")], ROWS, [("y", FLOAT, ["a", "b"])], {"shape": np.array([-1, 4])})

    profile = profile_onnx(save(model_of(graph), tmp_path / "m.onnx"), tmp_path)

    assert (profile.parameters, profile.weights_bytes) == (0, 16)


def test_two_weights_that_are_one_piece_of_a_file_are_tied(tmp_path: Path) -> None:
    graph = graph_of([node("MatMul", "x w", "m"), node("MatMul", "m v", "y")], ROWS, OUT)
    place = {"location": "all.bin", "offset": 0, "length": 256}
    graph.initializer.extend([external("w", [8, 8], **place), external("v", [8, 8], **place)])
    (tmp_path / "all.bin").write_bytes(bytes(256))

    profile = profile_onnx(save(model_of(graph), tmp_path / "m.onnx"), tmp_path)

    assert (profile.parameters, profile.weights_bytes) == (64, 256)


def test_a_weight_that_is_handed_on_stays_a_weight(tmp_path: Path) -> None:
    graph = graph_of(
        [node("Identity", "w", "same"), node("MatMul", "x same", "y")], ROWS, OUT, {"w": np.ones((8, 8), np.float32)}
    )

    profile = profile_onnx(save(model_of(graph), tmp_path / "m.onnx"), tmp_path)

    assert [operator.operator for operator in profile.given.operators] == ["MatMul"]
    assert profile.given.operators[0].weight_bytes == profile.weights_bytes == 256


def test_weights_of_both_branches_of_an_if_count(tmp_path: Path) -> None:
    def branch(name: str):
        weight = {f"w_{name}": np.full((8, 8), ord(name), np.float32)}
        return graph_of([node("MatMul", f"x w_{name}", "chosen")], [], [("chosen", FLOAT, ["batch", 8])], weight, name)

    choice = node("If", "flag", "y", then_branch=branch("a"), else_branch=branch("b"))
    graph = graph_of([choice], [*ROWS, ("flag", onnx.TensorProto.BOOL, [])], OUT)

    assert profile_onnx(save(model_of(graph), tmp_path / "m.onnx"), tmp_path).parameters == 128


def test_trees_are_parameters_in_attributes(tmp_path: Path) -> None:
    trees = helper.make_node(
        "TreeEnsembleRegressor",
        ["x"],
        ["y"],
        domain="ai.onnx.ml",
        n_targets=1,
        nodes_treeids=[0, 0, 0],
        nodes_nodeids=[0, 1, 2],
        nodes_featureids=[0, 0, 0],
        nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"],
        nodes_values=[0.5, 0.0, 0.0],
        nodes_truenodeids=[1, 0, 0],
        nodes_falsenodeids=[2, 0, 0],
        target_treeids=[0, 0],
        target_nodeids=[1, 2],
        target_ids=[0, 0],
        target_weights=[1.0, 2.0],
    )
    model = model_of(graph_of([trees], ROWS, [("y", FLOAT, ["batch", 1])]), ai_onnx_ml=3)

    profile = profile_onnx(save(model, tmp_path / "trees.onnx"), tmp_path)

    assert profile.parameters == 3 + 2
    assert profile.weights_bytes == 4 * 5 + 8 * (5 * 3 + 3 * 2)


PROFILE_IN_LITTLE_MEMORY = """
import sys
from pathlib import Path
import numpy, onnx, onnxruntime
from infractl.profile.onnx import profile_onnx
import resource
resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30))
profile = profile_onnx(Path(sys.argv[1]), Path(sys.argv[1]).parent)
print(profile.parameters, int(profile.weights_bytes), int(profile.flops.at({"batch": 2})), profile.executed, profile.size_bytes)
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_DATA"), reason="this system does not limit a process' memory")
def test_a_model_of_more_than_2_gib_is_profiled_without_reading_its_weights(tmp_path: Path) -> None:
    """Four matrices of 768 MiB in a sparse file, by a process that may take 1 GiB."""
    rows, columns = 4096, 49_152
    each = 4 * rows * columns
    nodes, last = [], "x"
    for layer in range(4):
        nodes.append(node("MatMul", f"{last} w_{layer}", f"wide_{layer}"))
        nodes.append(node("Slice", f"wide_{layer} zero rows one", f"narrow_{layer}"))
        last = f"narrow_{layer}"
    graph = graph_of(
        nodes,
        [("x", FLOAT, ["batch", rows])],
        [(last, FLOAT, ["batch", rows])],
        {"zero": np.array([0]), "rows": np.array([rows]), "one": np.array([1])},
    )
    for layer in range(4):
        graph.initializer.append(external(f"w_{layer}", [rows, columns], location="w.bin", offset=layer * each, length=each))
    path = save(model_of(graph), tmp_path / "large.onnx")
    with (tmp_path / "w.bin").open("wb") as file:
        file.truncate(4 * each)

    done = subprocess.run(
        [sys.executable, "-c", PROFILE_IN_LITTLE_MEMORY, str(path)], capture_output=True, text=True, check=False, timeout=120
    )

    assert done.returncode == 0, done.stderr
    parameters, weights_bytes, flops, executed, size_bytes = done.stdout.split()
    assert int(parameters) == 4 * rows * columns
    assert int(weights_bytes) == 4 * each + 3 * 8
    assert int(flops) >= 2 * 2 * 4 * rows * columns
    assert executed == "None"
    assert int(size_bytes) == 4 * each + path.stat().st_size


def test_only_so_much_of_a_file_of_weights_is_read_as_a_shape_needs(tmp_path: Path) -> None:
    """A shape that says no length lies at the start of a sparse file of 8 GiB."""
    graph = graph_of([node("Reshape", "x shape", "y")], ROWS, [("y", FLOAT, ["a", "b"])])
    shape = TensorProto(name="shape", dims=[2], data_type=TensorProto.INT64, data_location=TensorProto.EXTERNAL)
    shape.external_data.add(key="location", value="w.bin")
    graph.initializer.append(shape)
    with (tmp_path / "w.bin").open("wb") as file:
        file.write(np.array([-1, 4]).tobytes())
        file.truncate(8 << 30)

    profile = profile_onnx(save(model_of(graph), tmp_path / "m.onnx"), tmp_path)

    assert profile.given.uncosted == ()
    assert profile.size_bytes > 8 << 30
