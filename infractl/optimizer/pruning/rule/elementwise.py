"""Operators that compute element by element, that normalise channel by channel, and that pool over space: channels pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from infractl.optimizer.pruning.channel import Ids
from infractl.optimizer.pruning.graph import number
from infractl.optimizer.pruning.walk import Rule, Walk

if TYPE_CHECKING:
    from onnx import NodeProto

_ONE_BY_ONE = (
    *("Abs", "Ceil", "Celu", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid", "HardSwish", "Identity", "LeakyRelu", "Log"),
    *("Mish", "Neg", "Not", "Reciprocal", "Relu", "Round", "Selu", "Shrink", "Sigmoid", "Sign", "Softplus", "Softsign", "Sqrt"),
    *("Swish", "Tanh", "ThresholdedRelu", "Cast", "Clip", "Dropout", "IsNaN", "IsInf", "Sin", "Cos"),
)
_TOGETHER = (
    *("Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Sum", "Mean", "PRelu", "Where", "Mod", "And", "Or", "Xor"),
    *("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"),
)
_POOLS = ("MaxPool", "AveragePool", "LpPool", "GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")


def _same(walk: Walk, index: int, node: NodeProto) -> None:
    """The first input goes through element by element; the others are settings."""
    labels = walk.of(node.input[0])
    for name in node.input[1:]:
        walk.freeze(name, f"they are a setting of {node.op_type}")
    for name in filter(None, node.output):
        walk.put(name, dict(labels))


def _together(walk: Walk, index: int, node: NodeProto) -> None:
    """What lies at the same place of the result goes together. Axes are matched from the last, as broadcasting does."""
    ranks = [walk.graph.rank(name) for name in node.input]
    known = [rank for rank in ranks if rank is not None]
    if len(known) < len(ranks):
        walk.freeze_node(node, f"{node.op_type} meets a tensor of unknown rank")
        return
    rank = max(known)
    axes = {axis + rank - known[place] for place, name in enumerate(node.input) for axis in walk.of(name)}
    labels = {axis: found for axis in sorted(axes) if (found := _along(walk, index, node, axis - rank)) is not None}
    walk.put(node.output[0], labels)


def _along(walk: Walk, index: int, node: NodeProto, back: int) -> Ids | None:
    """Ties the operands along one axis, counted from the end: the channels of the result, None where none may go."""
    labelled = [ids for name in node.input if (ids := _ids(walk, name, back)) is not None]
    width = max(len(ids) for ids in labelled)
    first = next(ids for ids in labelled if len(ids) == width)
    constants = []
    for place, name in enumerate(node.input):
        ids, size = _ids(walk, name, back), _size(walk, name, back)
        if ids is not None:
            if len(ids) < width:
                walk.channels.freeze(ids, "they are spread over others")
            else:
                walk.channels.tie(first, ids)
        elif name in walk.graph.constants and size == width > 1:
            constants.append(place)
        elif size != 1:
            for found in labelled:
                walk.channels.freeze(found, f"{node.op_type} joins them with what comes from no layer")
            return None
    for place in constants:
        walk.slot(index, place, len(walk.graph.constants[node.input[place]].shape) + back, first)
    return first


def _ids(walk: Walk, name: str, back: int) -> Ids | None:
    rank = walk.graph.rank(name)
    return walk.of(name).get(rank + back) if rank is not None else None


def _size(walk: Walk, name: str, back: int) -> int | str | None:
    """The operand's size along an axis that is counted from the end: 1 where it has no such axis."""
    constant = walk.graph.constants.get(name)
    shape = tuple(constant.shape) if constant is not None else walk.graph.shapes[name]
    return shape[back] if -back <= len(shape) else 1


def _normalised(walk: Walk, index: int, node: NodeProto) -> None:
    """BatchNormalization and InstanceNormalization: a scale, a shift and so on for each channel of axis 1."""
    labels = walk.of(node.input[0])
    others = range(1, len(node.input))
    fixed = all(walk.constant(node, place) is not None for place in others)
    if set(labels) - {1} or not fixed or number(node, "training_mode", 0) or len(list(filter(None, node.output))) > 1:
        walk.freeze_node(node, f"{node.op_type} computes with more than constants")
    elif labels:
        for place in others:
            walk.slot(index, place, 0, labels[1])
        walk.put(node.output[0], dict(labels))


def _pooled(walk: Walk, index: int, node: NodeProto) -> None:
    labels = walk.of(node.input[0])
    if set(labels) - {1} or len(list(filter(None, node.output))) > 1:
        walk.freeze_node(node, f"{node.op_type} moves over them")
    else:
        walk.put(node.output[0], dict(labels))


def _softmax(walk: Walk, index: int, node: NodeProto) -> None:
    """Older opsets take everything from the axis on as one."""
    labels, rank = walk.of(node.input[0]), walk.graph.rank(node.input[0]) or 0
    new = walk.graph.opset >= 13
    axis = number(node, "axis", -1 if new else 1) % max(rank, 1)
    if any(along == axis if new else along >= axis for along in labels):
        walk.freeze_node(node, f"{node.op_type} divides by their sum")
    else:
        walk.put(node.output[0], dict(labels))


RULES: Mapping[str, Rule] = {
    **dict.fromkeys(_ONE_BY_ONE, _same),
    **dict.fromkeys(_TOGETHER, _together),
    **dict.fromkeys(_POOLS, _pooled),
    **dict.fromkeys(("BatchNormalization", "InstanceNormalization"), _normalised),
    **dict.fromkeys(("Softmax", "LogSoftmax"), _softmax),
}
