"""How many parameters a model has and what its weights take, each counted once however many nodes read it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from infractl.profile.tensor_types import DEFAULT_DOMAINS, element_bytes

if TYPE_CHECKING:
    from onnx import AttributeProto, GraphProto, NodeProto, TensorProto

LEARNING_DOMAIN = "ai.onnx.ml"
"""Its operators hold what they learned in attributes: thresholds, leaves, coefficients, support vectors."""
_INT64, _BOOL, _STRING = 7, 9, 8


@dataclass(frozen=True, slots=True)
class Weights:
    """`parameters` are the numbers that were learned. Those that say shapes, indices and choices are none, but take bytes."""

    parameters: int
    bytes: float


def weights_of(graph: GraphProto) -> Weights:
    """Of the graph and of what its control flow holds: initializers, constants and the attributes of trees and linear models.

    Two initializers that are one piece of a file of weights are tied, and count once.
    """
    tensors: dict[Hashable, TensorProto] = {}
    for number, tensor in enumerate(_tensors(graph)):
        tensors.setdefault(_identity(tensor) or number, tensor)
    learned = [numbers for node in _nodes(graph) if node.domain == LEARNING_DOMAIN for numbers in map(_numbers, node.attribute)]
    return Weights(
        parameters=sum(_elements(t) for t in tensors.values() if t.data_type not in (_INT64, _BOOL, _STRING))
        + sum(fractions for fractions, _ in learned),
        bytes=sum(_elements(t) * (element_bytes(t.data_type) or 0.0) for t in tensors.values())
        + sum(4.0 * fractions + 8.0 * whole for fractions, whole in learned),
    )


def _tensors(graph: GraphProto) -> Iterator[TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        constant = node.op_type == "Constant" and node.domain in DEFAULT_DOMAINS
        for attribute in node.attribute:
            if attribute.HasField("t") and (constant or node.domain == LEARNING_DOMAIN):
                yield attribute.t
            for inner in _graphs(attribute):
                yield from _tensors(inner)


def _nodes(graph: GraphProto) -> Iterator[NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in _graphs(attribute):
                yield from _nodes(inner)


def _graphs(attribute: AttributeProto) -> Iterator[GraphProto]:
    if attribute.HasField("g"):
        yield attribute.g
    yield from attribute.graphs


def _numbers(attribute: AttributeProto) -> tuple[int, int]:
    """How many fractions and how many whole numbers it lists."""
    return len(attribute.floats), len(attribute.ints)


def _elements(tensor: TensorProto) -> int:
    return max(0, prod(int(size) for size in tensor.dims))


def _identity(tensor: TensorProto) -> Hashable | None:
    """Where in which file it lies; None for one in the model's own."""
    entries: Mapping[str, str] = {e.key: e.value for e in tensor.external_data}
    if "location" not in entries:
        return None
    return (entries["location"], entries.get("offset", "0"), entries.get("length", ""), tuple(tensor.dims), tensor.data_type)
