"""Operators that copy elements to other places, and those that only look at them in another way."""

from __future__ import annotations

from dataclasses import replace

from infractl.domain.work import Family, Work
from infractl.profile.node import Node
from infractl.profile.rule.build import BLOCKED, ENGINE, LEARNING, Rule, Rules, each, given, named, result, work
from infractl.tensors import Dtype

_LINEAR, _CUBIC = 7, 35
"""Operations for each element of an enlarged image: between four neighbours, or between sixteen."""


def _view(node: Node) -> Work:
    """Nothing is computed and, in an engine that lets two names stand for one buffer, nothing moves."""
    first = next(filter(None, node.inputs), None)
    return Work(
        family=Family.view,
        operator=node.operator,
        dtype=(first.dtype if first else None) or Dtype.float32,
        flops=0.0,
        weight_bytes=0.0,
        activation_bytes=0.0,
    )


def _selected(operator: str = "") -> Rule:
    """Of the first input only what comes out is read, also of a table of weights."""

    def rule(node: Node) -> Work:
        read = result(node).bytes
        rest = sum(operand.bytes for operand in node.inputs[1:] if operand and not operand.weight)
        return replace(work(node, Family.movement, 0.0, operator=operator, moved_bytes=2 * read + rest), weight_bytes=0.0)

    return rule


def _scattered(node: Node) -> Work:
    """The whole is copied, then the updates are put into it."""
    whole, updates = given(node, 0), given(node, 2)
    return work(node, Family.movement, 0.0, operator="Gather", moved_bytes=2 * whole.bytes + 2 * updates.bytes)


def _resized(node: Node) -> Work:
    mode = node.attributes.get("mode", b"nearest")
    each_element = {b"linear": _LINEAR, b"cubic": _CUBIC}.get(mode, 0)
    return work(node, Family.movement, each_element * result(node).elements, operator="Resize")


def _sampled(node: Node) -> Work:
    """Between four neighbours, wherever the grid points to."""
    return work(node, Family.movement, _LINEAR * result(node).elements, operator="Resize")


def _made(node: Node) -> Work:
    """Written alone: what it is made of is a shape or a few numbers."""
    out = result(node)
    return replace(
        work(node, Family.movement, 0.0, operator="Expand", dtype=out.dtype or Dtype.float32, moved_bytes=out.bytes),
        weight_bytes=0.0,
    )


_VIEWS = (
    *("Constant", "Dropout", "Flatten", "Identity", "Reshape", "Shape", "Size", "Squeeze", "Unsqueeze"),
    *("Optional", "OptionalGetElement", "OptionalHasElement"),
)
_copied = each(Family.movement, 0)

RULES: Rules = {
    **named(_view, *_VIEWS),
    **named(_copied, "Cast", "CastLike", "Concat", "Pad", "Split", "Transpose", "Expand"),
    **named(each(Family.movement, 0, "Expand"), "Tile"),
    **named(each(Family.movement, 0, "Transpose"), "DepthToSpace", "SpaceToDepth", "ReverseSequence"),
    **named(each(Family.movement, 0, "Slice"), "Compress", "Trilu", "NonZero", "Unique"),
    **named(_selected(), "Gather", "GatherElements", "GatherND", "Slice"),
    **named(_scattered, "ScatterElements", "ScatterND", "Scatter"),
    **named(_resized, "Resize", "Upsample"),
    **named(_sampled, "GridSample"),
    **named(_made, "ConstantOfShape", "EyeLike", "OneHot", "Range"),
    **named(each(Family.movement, 0, "Reorder"), "ReorderInput", "ReorderOutput", domain=BLOCKED),
    **named(_resized, "Upsample", domain=BLOCKED),
    **named(each(Family.movement, 0, "Concat"), "QLinearConcat", domain=ENGINE),
    **named(_selected("Gather"), "ArrayFeatureExtractor", domain=LEARNING),
}
