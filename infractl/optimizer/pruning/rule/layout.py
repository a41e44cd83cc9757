"""Operators that move values without changing them, and those that take a sum, a mean or an extreme along axes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from infractl.optimizer.pruning.channel import Ids
from infractl.optimizer.pruning.graph import attribute, number, numbers
from infractl.optimizer.pruning.walk import Count, Labels, Rule, Walk

if TYPE_CHECKING:
    from onnx import NodeProto

_REDUCTIONS = ("Mean", "Sum", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSum", "LogSumExp")


def _transpose(walk: Walk, index: int, node: NodeProto) -> None:
    rank = walk.graph.rank(node.input[0])
    if rank is None:
        walk.freeze_node(node, "Transpose meets a tensor of unknown rank")
        return
    order = numbers(node, "perm") or list(reversed(range(rank)))
    walk.put(node.output[0], {order.index(axis): ids for axis, ids in walk.of(node.input[0]).items()})


def _axes(walk: Walk, node: NodeProto, rank: int) -> list[int] | None:
    """The axes that a node names, from its attribute or its second input: None where they are computed."""
    given = numbers(node, "axes")
    if given is None and len(node.input) > 1 and node.input[1]:
        constant = walk.constant(node, 1)
        if constant is None:
            return None
        given = [int(value) for value in constant.reshape(-1).tolist()]
    return [axis % rank for axis in given] if given is not None and rank else given


def _reduced(walk: Walk, index: int, node: NodeProto) -> None:
    labels, rank = walk.of(node.input[0]), walk.graph.rank(node.input[0])
    axes = _axes(walk, node, rank or 0)
    if axes is None and number(node, "noop_with_empty_axes", 0) == 0:
        axes = list(range(rank or 0)) if len(node.input) < 2 or not node.input[1] else None
    if rank is None or axes is None or labels.keys() & set(axes):
        walk.freeze_node(node, f"{node.op_type} joins them")
    elif number(node, "keepdims", 1):
        walk.put(node.output[0], dict(labels))
    else:
        walk.put(node.output[0], {axis - sum(gone < axis for gone in axes): ids for axis, ids in labels.items()})


def _squeeze(walk: Walk, index: int, node: NodeProto) -> None:
    labels, rank = walk.of(node.input[0]), walk.graph.rank(node.input[0])
    axes = _axes(walk, node, rank or 0)
    if rank is None or axes is None or labels.keys() & set(axes):
        walk.freeze_node(node, "Squeeze drops axes that are not told")
    else:
        walk.put(node.output[0], {axis - sum(gone < axis for gone in axes): ids for axis, ids in labels.items()})


def _unsqueeze(walk: Walk, index: int, node: NodeProto) -> None:
    labels, rank = walk.of(node.input[0]), walk.graph.rank(node.input[0])
    named = _axes(walk, node, 0)
    if rank is None or named is None:
        walk.freeze_node(node, "Unsqueeze adds axes that are not told")
        return
    new = {axis % (rank + len(named)) for axis in named}
    old = [axis for axis in range(rank + len(named)) if axis not in new]
    walk.put(node.output[0], {old[axis]: ids for axis, ids in labels.items()})


def _concat(walk: Walk, index: int, node: NodeProto) -> None:
    if not any(walk.of(name) for name in node.input):
        return
    ranks = {walk.graph.rank(name) for name in node.input}
    rank = ranks.pop()
    if ranks or rank is None:
        walk.freeze_node(node, "Concat meets a tensor of unknown rank")
        return
    axis = number(node, "axis", 1) % rank
    labels: Labels = {}
    for along in {a for name in node.input for a in walk.of(name)}:
        found = _joined(walk, node, axis) if along == axis else _beside(walk, node, along)
        if found is not None:
            labels[along] = found
    walk.put(node.output[0], labels)


def _joined(walk: Walk, node: NodeProto, axis: int) -> Ids | None:
    """The channels of one operand after those of the other; what comes from no layer stays where it is."""
    import numpy as np

    parts = []
    for name in node.input:
        ids = walk.of(name).get(axis)
        if ids is None:
            constant = walk.graph.constants.get(name)
            size = constant.shape[axis] if constant is not None else walk.graph.shapes[name][axis]
            if not isinstance(size, int):
                _freeze_along(walk, node, axis, "Concat sets them beside a tensor of unknown size")
                return None
            ids = walk.channels.fresh(size)
            walk.channels.freeze(ids, "they come from no layer")
        parts.append(ids)
    return np.concatenate(parts)


def _beside(walk: Walk, node: NodeProto, axis: int) -> Ids | None:
    """Operands that are joined along another axis have the same channels along this one."""
    first = next(walk.of(name)[axis] for name in node.input if axis in walk.of(name))
    if any(axis not in walk.of(name) for name in node.input):
        _freeze_along(walk, node, axis, "Concat joins them with what comes from no layer")
        return None
    for name in node.input:
        walk.channels.tie(first, walk.of(name)[axis])
    return first


def _freeze_along(walk: Walk, node: NodeProto, axis: int, why: str) -> None:
    for name in node.input:
        if (ids := walk.of(name).get(axis)) is not None:
            walk.channels.freeze(ids, why)


def _split(walk: Walk, index: int, node: NodeProto) -> None:
    """Along the channels, the sizes of the parts have to be constants that can be rewritten."""
    labels, rank = walk.of(node.input[0]), walk.graph.rank(node.input[0])
    if rank is None:
        walk.freeze_node(node, "Split meets a tensor of unknown rank")
        return
    axis, sizes = number(node, "axis", 0) % rank, walk.constant(node, 1)
    ids = labels.get(axis)
    first = 0
    for entry, name in enumerate(node.output):
        passed = {along: beside for along, beside in labels.items() if along != axis}
        if ids is not None and sizes is not None:
            size = int(sizes.reshape(-1)[entry].item())
            passed[axis] = ids[first : first + size]
            walk.counts.append(Count(node=index, input=1, entry=entry, ids=passed[axis]))
            first += size
        walk.put(name, passed)
    if ids is not None and sizes is None:
        walk.channels.freeze(ids, "Split cuts them into equal parts")


def _cut_out(walk: Walk, index: int, node: NodeProto) -> None:
    """Slice: what lies along axes that it does not cut passes."""
    labels, rank = walk.of(node.input[0]), walk.graph.rank(node.input[0])
    named = walk.constant(node, 3)
    axes = numbers(node, "axes") if named is None else [int(value) for value in named.reshape(-1).tolist()]
    if rank is None or axes is None or labels.keys() & {axis % rank for axis in axes}:
        walk.freeze_node(node, f"{node.op_type} takes a part of them")
    else:
        walk.put(node.output[0], dict(labels))


def _gather(walk: Walk, index: int, node: NodeProto) -> None:
    labels, rank = walk.of(node.input[0]), walk.graph.rank(node.input[0])
    places = walk.graph.rank(node.input[1])
    axis = number(node, "axis", 0)
    walk.freeze(node.input[1], "they are used as places")
    if rank is None or places is None or axis % rank in labels:
        walk.freeze(node.input[0], "Gather takes a part of them")
        return
    axis %= rank
    walk.put(node.output[0], {along + (places - 1 if along > axis else 0): ids for along, ids in labels.items()})


def _pad(walk: Walk, index: int, node: NodeProto) -> None:
    labels, rank = walk.of(node.input[0]), walk.graph.rank(node.input[0])
    constant = walk.constant(node, 1)
    pads = numbers(node, "pads") if constant is None else [int(value) for value in constant.tolist()]
    named = len(node.input) > 3 and bool(node.input[3])
    if rank is None or pads is None or named or any(pads[axis] or pads[axis + rank] for axis in labels):
        walk.freeze_node(node, "Pad adds to them")
    else:
        walk.put(node.output[0], dict(labels))


def _resize(walk: Walk, index: int, node: NodeProto) -> None:
    """By factors alone: a size in full would have to be rewritten."""
    labels = walk.of(node.input[0])
    factors = walk.constant(node, len(node.input) - 1)
    whole = factors is not None and factors.dtype.kind == "f" and all(factors.size > a and factors[a] == 1 for a in labels)
    if whole and attribute(node, "axes") is None:
        walk.put(node.output[0], dict(labels))
    else:
        walk.freeze_node(node, f"{node.op_type} sets their size")


def _shape(walk: Walk, index: int, node: NodeProto) -> None:
    """Whoever asks for the size of another axis does not see the channels."""
    labels, rank = walk.of(node.input[0]), walk.graph.rank(node.input[0])
    if not labels or rank is None:
        return
    whole = number(node, "start", 0) == 0 and attribute(node, "end") is None
    for reader, place in walk.graph.uses.get(node.output[0], ()):
        asking = walk.graph.nodes[reader]
        wanted = walk.constant(asking, 1) if asking.op_type == "Gather" and place == 0 else None
        if not whole or wanted is None or {int(value) % rank for value in wanted.reshape(-1).tolist()} & labels.keys():
            walk.freeze_node(node, "their number is read")
            return
    if node.output[0] in walk.graph.outputs | walk.graph.captured:
        walk.freeze_node(node, "their number is read")


RULES: Mapping[str, Rule] = {
    **{f"Reduce{name}": _reduced for name in _REDUCTIONS},
    "Transpose": _transpose,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Concat": _concat,
    "Split": _split,
    "Slice": _cut_out,
    "Gather": _gather,
    "Pad": _pad,
    "Resize": _resize,
    "Upsample": _resize,
    "Shape": _shape,
}
