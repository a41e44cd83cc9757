"""Convolutions, as matrix products: output positions of the whole batch by kernel times input channels, for each group."""

from __future__ import annotations

from math import prod

from infractl.domain.work import Family, Product, Work
from infractl.profile.node import Node
from infractl.profile.rule.build import BLOCKED, ENGINE, Rule, Rules, given, is_given, result, work
from infractl.tensors import Dtype


def _convolution(weights: int = 1, bias: int = 2, dtype: Dtype | None = None) -> Rule:
    """`weights` and `bias` are the places of these inputs, among scales and zero points."""

    def rule(node: Node) -> Work:
        outside, inside, *kernel = given(node, weights).shape
        groups = int(node.attributes.get("group", 1))
        out = result(node)
        product = Product(
            count=groups,
            rows=out.elements / outside,
            depth=inside * prod(kernel),
            columns=outside / groups,
        )
        # A bias, a sum that is fused in, an activation: one operation each for each element.
        extra = is_given(node, bias) + is_given(node, bias + 1) * (node.domain != "") + ("activation" in node.attributes)
        family = Family.depthwise if groups > 1 and inside == 1 else Family.convolution
        return work(node, family, product.flops + extra * out.elements, operator="Conv", product=product, dtype=dtype)

    return rule


def _transposed(node: Node) -> Work:
    """Each input position is spread over the kernel: the products are counted from the input."""
    image, (inside, outside, *kernel) = given(node, 0), given(node, 1).shape
    groups = int(node.attributes.get("group", 1))
    product = Product(count=groups, rows=image.elements / inside, depth=inside / groups, columns=float(outside * prod(kernel)))
    extra = is_given(node, 2) * result(node).elements
    return work(node, Family.convolution, product.flops + extra, operator="ConvTranspose", product=product)


RULES: Rules = {
    ("", "Conv"): _convolution(),
    ("", "ConvInteger"): _convolution(bias=9, dtype=Dtype.int8),
    ("", "QLinearConv"): _convolution(weights=3, bias=8, dtype=Dtype.int8),
    ("", "ConvTranspose"): _transposed,
    (ENGINE, "FusedConv"): _convolution(),
    (ENGINE, "QLinearConv"): _convolution(weights=3, bias=8, dtype=Dtype.int8),
    (BLOCKED, "Conv"): _convolution(),
}
