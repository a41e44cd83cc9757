"""The models that calibration runs: standard operators. The engine makes the weights when it loads, so the files are tiny."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnx import NodeProto

_OPSET = 17
_IR_VERSION = 9
_BATCH = "batch"


def identity(path: Path, width: int) -> Path:
    """Gives back what it takes: [batch, width]."""
    from onnx import helper

    return _write(path, [helper.make_node("Identity", ["x"], ["y"])], width, width)


def product(path: Path, rows: int, columns: int) -> Path:
    """[batch, rows] times a matrix of ones, which the engine folds into a constant when it loads the model."""
    from onnx import TensorProto, helper

    one = helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0])
    size = helper.make_tensor("size", TensorProto.INT64, [2], [rows, columns])
    nodes = [
        helper.make_node("Constant", [], ["size"], value=size),
        helper.make_node("ConstantOfShape", ["size"], ["weight"], value=one),
        helper.make_node("MatMul", ["x", "weight"], ["y"]),
    ]
    return _write(path, nodes, rows, columns)


def chain(path: Path, depth: int) -> Path:
    """`depth` times a product with a 4 x 4 matrix and a sigmoid, which the engine does not fuse."""
    from onnx import TensorProto, helper

    weight = helper.make_tensor("weight", TensorProto.FLOAT, [4, 4], [0.5] * 16)
    nodes = [helper.make_node("Constant", [], ["weight"], value=weight)]
    for step in range(depth):
        given = "x" if step == 0 else f"sigmoid_{step - 1}"
        result = "y" if step == depth - 1 else f"sigmoid_{step}"
        nodes.append(helper.make_node("MatMul", [given, "weight"], [f"product_{step}"]))
        nodes.append(helper.make_node("Sigmoid", [f"product_{step}"], [result]))
    return _write(path, nodes, 4, 4)


def _write(path: Path, nodes: list[NodeProto], takes: int, gives: int) -> Path:
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        nodes,
        "calibration",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [_BATCH, takes])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [_BATCH, gives])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
    path.write_bytes(model.SerializeToString())
    return path
