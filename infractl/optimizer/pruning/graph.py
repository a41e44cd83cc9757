"""A model's main graph as surgery needs it: constants in hand, shapes told, who uses what. Nothing here changes a model."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infractl.tensors import Tensor

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, TensorShapeProto

PLAIN_DOMAINS = ("", "ai.onnx")


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """`constants` hold the weights that nobody can feed; `uses` says (node, input) for each tensor of the main graph.

    `shapes` has a size, a name, or None for an unknown size; tensors of unknown rank are not in it. `captured` are the names
    that subgraphs (the branches of an If, the body of a Loop) take from around them.
    """

    model: ModelProto
    nodes: Sequence[NodeProto]
    constants: Mapping[str, Tensor]
    shapes: Mapping[str, tuple[int | str | None, ...]]
    uses: Mapping[str, Sequence[tuple[int, int]]]
    captured: frozenset[str]
    inputs: frozenset[str]
    outputs: frozenset[str]
    opset: int

    def rank(self, tensor: str) -> int | None:
        if tensor in self.constants:
            return int(self.constants[tensor].ndim)
        shape = self.shapes.get(tensor)
        return None if shape is None else len(shape)


def read(model: ModelProto) -> Graph:
    """The main graph of a simplified model. Copies of weights are looked through: `model` is changed by that alone."""
    from onnx import numpy_helper

    _without_copies(model)
    graph = model.graph
    fed = {value.name for value in graph.input}
    uses: dict[str, list[tuple[int, int]]] = {}
    for index, node in enumerate(graph.node):
        for position, name in enumerate(node.input):
            uses.setdefault(name, []).append((index, position))
    return Graph(
        model=model,
        nodes=list(graph.node),
        constants={t.name: numpy_helper.to_array(t) for t in graph.initializer if t.name not in fed},
        shapes=_shapes(model),
        uses=uses,
        captured=frozenset(name for node in graph.node for name in captured(node)),
        inputs=frozenset(fed - {t.name for t in graph.initializer}),
        outputs=frozenset(value.name for value in graph.output),
        opset=max((o.version for o in model.opset_import if o.domain in PLAIN_DOMAINS), default=1),
    )


def captured(node: NodeProto) -> Iterator[str]:
    """The names that the node's subgraphs read, their own among them."""
    for graph in _subgraphs(node):
        yield from (value.name for value in graph.output)
        for inner in graph.node:
            yield from inner.input
            yield from captured(inner)


def up_to(model: ModelProto, tensors: Collection[str]) -> ModelProto:
    """The part of the model that computes these tensors, which are its only outputs."""
    import onnx

    graph = model.graph
    needed, nodes = set(tensors), []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update((*node.input, *captured(node)))
            nodes.append(node)
    part = onnx.ModelProto()
    part.CopyFrom(onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import, functions=model.functions))
    part.graph.name = graph.name
    part.graph.node.extend(reversed(nodes))
    part.graph.initializer.extend(t for t in graph.initializer if t.name in needed)
    part.graph.sparse_initializer.extend(t for t in graph.sparse_initializer if t.values.name in needed)
    part.graph.input.extend(v for v in graph.input if v.name in needed)
    part.graph.output.extend(onnx.ValueInfoProto(name=name) for name in tensors)
    return part


def attribute(node: NodeProto, name: str, default: object = None) -> object:
    """The attribute's value; a text comes as str."""
    from onnx import helper

    for given in node.attribute:
        if given.name == name:
            value = helper.get_attribute_value(given)
            return value.decode() if isinstance(value, bytes) else value
    return default


def numbers(node: NodeProto, name: str) -> list[int] | None:
    """An attribute that is a list of integers; None where it is not given."""
    value = attribute(node, name)
    return [int(v) for v in value] if isinstance(value, Sequence) else None


def number(node: NodeProto, name: str, default: int) -> int:
    value = attribute(node, name, default)
    return int(value) if isinstance(value, int) else default


def _subgraphs(node: NodeProto) -> Iterator[GraphProto]:
    import onnx

    for given in node.attribute:
        if given.type == onnx.AttributeProto.GRAPH:
            yield given.g
        elif given.type == onnx.AttributeProto.GRAPHS:
            yield from given.graphs


def _without_copies(model: ModelProto) -> None:
    """Exporters write a weight that is used twice as an Identity of the first use."""
    graph = model.graph
    fixed = {t.name for t in graph.initializer} - {v.name for v in graph.input}
    held = {v.name for v in graph.output}.union(*(captured(node) for node in graph.node))
    originals: dict[str, str] = {}
    kept = []
    for node in graph.node:
        for position, name in enumerate(node.input):
            node.input[position] = originals.get(name, name)
        copies = node.op_type == "Identity" and node.domain in PLAIN_DOMAINS and node.input[0] in fixed
        if copies and node.output[0] not in held:
            originals[node.output[0]] = node.input[0]
        else:
            kept.append(node)
    if originals:
        whole = list(kept)
        del graph.node[:]
        graph.node.extend(whole)


def _size(dim: TensorShapeProto.Dimension) -> int | str | None:
    """Some exporters write -1 where they mean an unknown size."""
    if dim.HasField("dim_value"):
        return dim.dim_value if dim.dim_value >= 0 else None
    return dim.dim_param or None


def _shapes(model: ModelProto) -> dict[str, tuple[int | str | None, ...]]:
    import onnx

    told = onnx.shape_inference.infer_shapes(model, data_prop=True)
    shapes = {}
    for value in (*told.graph.input, *told.graph.value_info, *told.graph.output):
        if value.type.HasField("tensor_type") and value.type.tensor_type.HasField("shape"):
            dims = value.type.tensor_type.shape.dim
            shapes[value.name] = tuple(map(_size, dims))
    return shapes
