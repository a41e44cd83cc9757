"""Small ONNX models as exporters write them, and their costs by a rule that knows shapes alone.

The rule counts the elements that a node gives as its operations: so what is tested here is what evaluation finds, whatever each
operator costs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

from infractl.domain.work import Family, Work
from infractl.profile.dimension import dimensions_of
from infractl.profile.graph import Graph, Sampled
from infractl.profile.node import Node
from infractl.profile.program import program_of
from infractl.profile.read import parse, sound
from infractl.profile.tensor_types import signature
from infractl.tensors import Dtype

FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
Value = tuple[str, int, Sequence[int | str | None]]

VIEWS = {"Identity", "Reshape", "Shape", "Squeeze", "Unsqueeze"}


def node(operator: str, inputs: str, outputs: str, **attributes: Any) -> NodeProto:
    """`node("Add", "x y", "z")`; a dash is an input that is left out."""
    names = ["" if name == "-" else name for name in inputs.split()]
    return helper.make_node(operator, names, outputs.split(), **attributes)


def graph_of(
    nodes: Sequence[NodeProto],
    inputs: Sequence[Value],
    outputs: Sequence[Value],
    weights: Mapping[str, Any] | None = None,
    name: str = "graph",
) -> GraphProto:
    return helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(*value) for value in inputs],
        [helper.make_tensor_value_info(*value) for value in outputs],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in (weights or {}).items()],
    )


def model_of(graph: GraphProto, opset: int = 17, **domains: int) -> ModelProto:
    """`domains`: opsets beside ONNX's own, underscores for dots."""
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(n.replace("_", "."), v) for n, v in domains.items())]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def save(model: ModelProto, path: Path) -> Path:
    path.write_bytes(model.SerializeToString())
    return path


def elements_given(node: Node) -> Work | None:
    """Every output element is one operation; views are views."""
    outputs = [output for output in node.outputs if output]
    return Work(
        family=Family.view if node.operator in VIEWS else Family.elementwise if node.operator == "Relu" else Family.movement,
        operator=node.operator,
        dtype=Dtype.float32,
        flops=float(sum(prod(output.shape) for output in outputs)),
        weight_bytes=sum(given.bytes for given in node.inputs if given and given.weight),
        activation_bytes=sum(given.bytes for given in (*node.inputs, *outputs) if given and not given.weight),
    )


def sampled(model: ModelProto) -> Sampled:
    """The model's costs by `elements_given`."""
    path = Path("model.onnx")
    whole = sound(parse(model.SerializeToString(), path), path)
    known = signature(whole.graph, path)
    return Graph(program_of(whole), known.inputs, elements_given).sampled(dimensions_of(known.inputs))


def given(found: Sampled, operator: str, **sizes: int) -> list[float]:
    """How many elements each node of this operator gives at these sizes."""
    return [cost.flops.at(sizes) for cost in found.costed.execution.operators if cost.operator == operator]
