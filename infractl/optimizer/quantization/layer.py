"""The layers of a graph whose weights are fixed: what can be quantized, each by a name of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infractl.tensors import Tensor

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

PRODUCTS = ("MatMul", "Gemm")
CONVOLUTIONS = ("Conv", "ConvTranspose")
TABLES = ("Gather",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A node that multiplies a tensor by weights in fp32 (or looks rows of them up). `input` and `weights` are tensors' names."""

    name: str
    operator: str
    input: str
    weights: str


def layers(graph: GraphProto, operators: Collection[str]) -> Iterator[Layer]:
    """Those of these operators whose weights are initializers of this very graph, in its order; inner graphs are not entered."""
    from onnx import TensorProto

    weights = {each.name for each in graph.initializer if each.data_type == TensorProto.FLOAT and len(each.dims) >= 2}
    for node in graph.node:
        of_input, of_weights = (1, 0) if node.op_type in TABLES else (0, 1)
        if node.op_type in operators and len(node.input) > 1 and node.input[of_weights] in weights:
            yield Layer(name=node.name, operator=node.op_type, input=node.input[of_input], weights=node.input[of_weights])


def name_nodes(model: ModelProto) -> None:
    """Quantizers leave a node out by its name: each gets one that no other has."""
    taken: set[str] = set()
    for position, node in enumerate(model.graph.node):
        if not node.name or node.name in taken:
            node.name = f"{node.op_type}_{position}"
        while node.name in taken:
            node.name += "_"
        taken.add(node.name)


def matrix_of(node: NodeProto, weights: Tensor) -> Tensor | None:
    """What the input is multiplied with; None where the node does more than that."""
    import numpy as np

    given = {each.name: each.f if each.name in ("alpha", "beta") else each.i for each in node.attribute}
    if weights.ndim != 2 or given.get("alpha", 1) != 1 or given.get("beta", 1) != 1 or given.get("transA", 0):
        return None
    return np.ascontiguousarray(weights.T) if given.get("transB", 0) else weights


def drop_unread(graph: GraphProto, names: Collection[str]) -> None:
    """Of these initializers, those that no node reads any more."""
    read = {name for node in graph.node for name in node.input}
    kept = [each for each in graph.initializer if each.name not in names or each.name in read]
    del graph.initializer[:]
    graph.initializer.extend(kept)
