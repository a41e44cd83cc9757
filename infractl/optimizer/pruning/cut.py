"""Takes units out of a model: every constant along which they lie is cut, every number that counts them is rewritten."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from infractl.optimizer.pruning.channel import kept
from infractl.optimizer.pruning.graph import captured
from infractl.optimizer.pruning.walk import Count, Walk
from infractl.tensors import Tensor

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

Place = tuple[int, int]
"""A node, and which of its inputs."""


def cut(walk: Walk, removed: Collection[int]) -> ModelProto:
    """A smaller model, whose tensors keep their names. A constant that was shared is each node's own where it was cut."""
    import onnx
    from onnx import numpy_helper

    constants = _constants(walk, removed)
    model = onnx.ModelProto()
    model.CopyFrom(walk.graph.model)
    nodes = model.graph.node
    for node, place in constants:
        nodes[node].input[place] = _name(nodes[node], node, place)
    for count in walk.counts:
        if count.input is None:
            _regroup(nodes[count.node], _number(walk, count, removed))
    named = {nodes[node].input[place]: value for (node, place), value in constants.items()}
    model.graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in named.items())
    drop_unused(model)
    # They told the old widths.
    del model.graph.value_info[:]
    return model


def _constants(walk: Walk, removed: Collection[int]) -> dict[Place, Tensor]:
    """Those that change, by their place."""
    found: dict[Place, Tensor] = {}

    def at(place: Place) -> Tensor:
        return found.get(place, walk.graph.constants[walk.graph.nodes[place[0]].input[place[1]]])

    for slot in walk.slots:
        positions = kept(slot.ids, walk.channels, removed)
        if len(positions) < len(slot.ids):
            place = slot.node, slot.input
            found[place] = at(place).take(positions, axis=slot.axis)
    for count in walk.counts:
        if count.input is not None and (number := _number(walk, count, removed)) < len(count.ids):
            place = count.node, count.input
            found[place] = at(place).copy()
            found[place].reshape(-1)[count.entry] = number
    return found


def _number(walk: Walk, count: Count, removed: Collection[int]) -> int:
    return len(kept(count.ids, walk.channels, removed))


def _regroup(node: NodeProto, number: int) -> None:
    next(given for given in node.attribute if given.name == "group").i = number


def _name(node: NodeProto, index: int, place: int) -> str:
    return f"{node.input[place]}/cut/{index}.{place}"


def drop_unused(model: ModelProto) -> None:
    """Takes out the initializers that no node reads and nobody can feed or see."""
    import onnx

    graph = model.graph
    used = {name for node in graph.node for name in (*node.input, *captured(node))}
    used.update(value.name for value in (*graph.input, *graph.output))
    left = onnx.GraphProto(initializer=[tensor for tensor in graph.initializer if tensor.name in used])
    del graph.initializer[:]
    graph.initializer.extend(left.initializer)
