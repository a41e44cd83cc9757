"""Operators that join elements: sums and the like along axes, normalization, pooling."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from infractl.domain.work import Family, Work
from infractl.profile.node import Node
from infractl.profile.rule.build import BLOCKED, ENGINE, Rule, Rules, each, each_input, given, named, result, work

_NORMALIZED = 8
"""For each element: the mean and the variance (four), subtracting and dividing, scale and shift."""


def _pool(operator: str) -> Rule:
    """As many operations for each output as the window has elements."""

    def rule(node: Node) -> Work:
        window = prod(node.attributes["kernel_shape"])
        return work(node, Family.reduction, window * result(node).elements, operator=operator)

    return rule


def _local_response(node: Node) -> Work:
    """The squares of so many neighbours are summed, and a power of that divides."""
    return work(node, Family.reduction, (2 * int(node.attributes["size"]) + 3) * given(node, 0).elements)


def _embedding(node: Node) -> Work:
    """Rows of three tables are added and normalized: of the tables only these rows are read."""
    out = result(node)
    flops, moved_bytes = (3 + _NORMALIZED) * out.elements, 4 * out.bytes
    found = work(node, Family.reduction, flops, operator="LayerNormalization", dtype=out.dtype, moved_bytes=moved_bytes)
    return replace(found, weight_bytes=0.0)


_REDUCED = {
    1: ("ArgMax", "ArgMin", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum"),
    2: ("ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceSumSquare"),
    3: ("ReduceLogSumExp",),
}

RULES: Rules = {
    **{("", name): each_input(Family.reduction, count) for count, names in _REDUCED.items() for name in names},
    **named(each_input(Family.reduction, 1), "CumSum", "GlobalAveragePool", "GlobalMaxPool", "Hardmax", "TopK"),
    **named(each_input(Family.reduction, 3), "GlobalLpPool", "LpNormalization"),
    **named(each(Family.reduction, 2), "BatchNormalization"),
    **named(each(Family.reduction, _NORMALIZED), "InstanceNormalization", "LayerNormalization", "MeanVarianceNormalization"),
    **named(each(Family.reduction, _NORMALIZED, "InstanceNormalization"), "GroupNormalization"),
    **named(each(Family.reduction, 5, "LayerNormalization"), "RMSNormalization", "SimplifiedLayerNormalization"),
    **named(_pool("MaxPool"), "MaxPool"),
    **named(_pool("AveragePool"), "AveragePool", "LpPool"),
    ("", "LRN"): _local_response,
    (BLOCKED, "MaxPool"): _pool("MaxPool"),
    (BLOCKED, "AveragePool"): _pool("AveragePool"),
    **named(each_input(Family.reduction, 1, "GlobalAveragePool"), "GlobalAveragePool", "GlobalMaxPool", domain=BLOCKED),
    (ENGINE, "SkipLayerNormalization"): each(Family.reduction, _NORMALIZED + 1, "LayerNormalization"),
    (ENGINE, "SkipSimplifiedLayerNormalization"): each(Family.reduction, 6, "LayerNormalization"),
    (ENGINE, "EmbedLayerNormalization"): _embedding,
    (ENGINE, "QLinearAveragePool"): _pool("AveragePool"),
    (ENGINE, "NhwcMaxPool"): _pool("MaxPool"),
    (ENGINE, "QLinearGlobalAveragePool"): each_input(Family.reduction, 1, "GlobalAveragePool"),
}
