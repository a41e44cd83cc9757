"""Convolutions and matrix products with constant weights: they read channels on one side and make new ones on the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from infractl.optimizer.pruning.channel import Ids
from infractl.optimizer.pruning.graph import attribute, number
from infractl.optimizer.pruning.walk import Count, Labels, Layer, Role, Rule, Walk

if TYPE_CHECKING:
    from onnx import NodeProto


def _layer(walk: Walk, index: int, node: NodeProto, *, reads: int, makes: int, axis: int, out_axis: int) -> None:
    """A layer whose weight is its second input: what comes in along `axis` is read, new channels go out along `out_axis`."""
    weight = walk.graph.constants[node.input[1]]
    read = walk.of(node.input[0]).get(axis)
    made = walk.channels.fresh(weight.shape[makes])
    if read is not None:
        walk.slot(index, 1, reads, read, Role.reads)
    walk.slot(index, 1, makes, made, Role.makes)
    walk.labels.setdefault(node.output[0], {})[out_axis] = made
    walk.layers.append(
        Layer(
            node=index,
            weight=1,
            reads=reads,
            makes=makes,
            taken=node.input[0],
            axis=axis,
            given=node.output[0],
            read=read,
            made=made,
        )
    )
    _bias(walk, index, node, made)


def _bias(walk: Walk, index: int, node: NodeProto, made: Ids) -> None:
    if len(node.input) < 3 or not node.input[2]:
        return
    bias = walk.constant(node, 2)
    if bias is None:
        walk.channels.freeze(made, "what is added to them is no constant")
    elif bias.ndim and bias.shape[-1] == len(made) > 1:
        walk.slot(index, 2, bias.ndim - 1, made, Role.makes)


def _convolution(walk: Walk, index: int, node: NodeProto) -> None:
    weight, groups = walk.constant(node, 1), number(node, "group", 1)
    labels = walk.of(node.input[0])
    for axis, ids in labels.items():
        if axis != 1:
            walk.channels.freeze(ids, "a convolution moves over them")
    if weight is None:
        walk.freeze_node(node, "the weights of a convolution are no constant")
    elif groups == 1:
        _layer(walk, index, node, reads=1, makes=0, axis=1, out_axis=1)
    elif weight.shape[1] == 1 and 1 in labels and len(labels[1]) == groups:
        _depthwise(walk, index, node, labels[1], weight.shape[0] // groups)
    else:
        walk.freeze_node(node, "a convolution in groups reads them")


def _depthwise(walk: Walk, index: int, node: NodeProto, read: Ids, times: int) -> None:
    made = read.repeat(times)
    walk.slot(index, 1, 0, made)
    walk.counts.append(Count(node=index, input=None, entry=0, ids=read))
    walk.put(node.output[0], {1: made})
    if walk.constant(node, 2) is not None:
        walk.slot(index, 2, 0, made)
    elif len(node.input) > 2 and node.input[2]:
        walk.channels.freeze(read, "what is added to them is no constant")


def _transposed(walk: Walk, index: int, node: NodeProto) -> None:
    labels = walk.of(node.input[0])
    for axis, ids in labels.items():
        if axis != 1:
            walk.channels.freeze(ids, "a convolution moves over them")
    if walk.constant(node, 1) is None or number(node, "group", 1) != 1:
        walk.freeze_node(node, "a transposed convolution in groups reads them")
    else:
        _layer(walk, index, node, reads=0, makes=1, axis=1, out_axis=1)


def _gemm(walk: Walk, index: int, node: NodeProto) -> None:
    weight, plain = walk.constant(node, 1), not number(node, "transA", 0)
    scaled = any(attribute(node, name, 1.0) != 1.0 for name in ("alpha", "beta"))
    if weight is None or not plain or scaled:
        walk.freeze_node(node, "a Gemm of another form reads them")
        return
    for axis, ids in walk.of(node.input[0]).items():
        if axis != 1:
            walk.channels.freeze(ids, "they are the rows of a Gemm")
    across = number(node, "transB", 0)
    _layer(walk, index, node, reads=1 if across else 0, makes=0 if across else 1, axis=1, out_axis=1)


def _product(walk: Walk, index: int, node: NodeProto) -> None:
    weight, rank = walk.constant(node, 1), walk.graph.rank(node.input[0])
    if weight is None:
        _product_of_two(walk, node)
    elif weight.ndim != 2 or rank is None or rank < 2:
        walk.freeze_node(node, "a product with stacked matrices reads them")
    else:
        walk.put(node.output[0], {axis: ids for axis, ids in walk.of(node.input[0]).items() if axis != rank - 1})
        _layer(walk, index, node, reads=0, makes=1, axis=rank - 1, out_axis=rank - 1)


def _product_of_two(walk: Walk, node: NodeProto) -> None:
    """Two activations, as in attention: what lies along the stacked axes (the heads) is tied, the rest stays."""
    left, right = node.input
    ranks = walk.graph.rank(left), walk.graph.rank(right)
    if walk.constant(node, 0) is not None or None in ranks or ranks[0] != ranks[1]:
        walk.freeze_node(node, "a product with another activation reads them")
        return
    labels = _stacked_labels(walk, left, right)
    for tensor in (left, right):
        for axis, ids in walk.of(tensor).items():
            if axis not in labels:
                walk.channels.freeze(ids, "a product with another activation reads them")
    walk.put(node.output[0], labels)


def _stacked_labels(walk: Walk, left: str, right: str) -> Labels:
    labels: Labels = {}
    stacked = (walk.graph.rank(left) or 0) - 2
    for axis in walk.of(left).keys() & walk.of(right).keys():
        one, other = walk.of(left)[axis], walk.of(right)[axis]
        if axis < stacked and len(one) == len(other):
            walk.channels.tie(one, other)
            labels[axis] = one
    return labels


RULES: Mapping[str, Rule] = {
    "Conv": _convolution,
    "ConvTranspose": _transposed,
    "Gemm": _gemm,
    "MatMul": _product,
}
