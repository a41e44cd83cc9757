"""Matrix products, and what is made of them: attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from infractl.domain.work import Family, Product, Work
from infractl.profile.node import Node, Operand
from infractl.profile.rule.build import ENGINE, Rule, Rules, given, is_given, result, work
from infractl.tensors import Dtype

_SOFTMAX = 5
"""Operations for each weight of attention."""


def _matmul(right: int = 1, dtype: Dtype | None = None) -> Rule:
    """The right operand stands at a place of its own where scales and zero points stand between."""

    def rule(node: Node) -> Work:
        left = given(node, 0).shape
        if node.attributes.get("transA"):
            left = (*left[:-2], left[-1], left[-2])
        product = product_of(left, given(node, right), result(node).shape)
        return work(node, Family.product, product.flops, product=product, dtype=dtype)

    return rule


def product_of(left: Sequence[int], right: Operand, out: Sequence[int]) -> Product:
    """One matrix for all rows is one product, however many axes the rows have."""
    if len(right.shape) == 1:
        return Product(count=1, rows=prod(out), depth=left[-1], columns=1)
    if len(right.shape) == 2:
        return Product(count=1, rows=prod(out[:-1]), depth=left[-1], columns=out[-1])
    rows = out[-2] if len(left) > 1 else 1
    return Product(count=prod(out[:-2]) if len(left) > 1 else prod(out[:-1]), rows=rows, depth=left[-1], columns=out[-1])


def _gemm(right: int = 1, bias: int = 2, dtype: Dtype | None = None) -> Rule:
    def rule(node: Node) -> Work:
        height, width = given(node, 0).shape
        rows, columns = result(node).shape
        given(node, right)
        depth = height if node.attributes.get("transA") else width
        product = Product(count=1, rows=rows, depth=depth, columns=columns)
        added = rows * columns * (is_given(node, bias) + ("activation" in node.attributes))
        return work(node, Family.product, product.flops + added, product=product, dtype=dtype)

    return rule


def _few_bits(node: Node) -> Work:
    """A MatMulNBits, whose matrix is packed: its columns and depth are attributes."""
    depth, columns = int(node.attributes["K"]), int(node.attributes["N"])
    product = Product(count=1, rows=prod(result(node).shape[:-1]), depth=depth, columns=columns)
    return work(node, Family.product, product.flops, product=product)


def _einsum(node: Node) -> Work | None:
    """Of two operands: labels of both and of the result count the products, those of both alone are the depth."""
    equation = node.attributes["equation"].decode().replace(" ", "")
    taken, _, made = equation.partition("->")
    terms = taken.split(",")
    if len(terms) > 2 or "..." in equation or (not made and "->" not in equation):
        return None
    sizes = {label: size for place, term in enumerate(terms) for label, size in zip(term, given(node, place).shape, strict=True)}
    if len(terms) == 1:
        return work(node, Family.movement, 0.0 if len(made) == len(terms[0]) else given(node, 0).elements)
    left, right = (set(term) for term in terms)
    product = Product(
        count=_extent(left & right & set(made), sizes),
        rows=_extent(left - right, sizes),
        depth=_extent((left & right) - set(made), sizes),
        columns=_extent(right - left, sizes),
    )
    return work(node, Family.product, product.flops, product=product)


def _extent(labels: set[str], sizes: Mapping[str, int]) -> int:
    return prod(sizes[label] for label in labels)


def _many_headed(node: Node) -> Work:
    """Query with key and weights with value, head by head, and a softmax between."""
    batch, length, width = given(node, 0).shape
    heads, total = int(node.attributes["num_heads"]), length
    if is_given(node, 1) and len(given(node, 1).shape) >= 3:
        total = given(node, 1).shape[-2]
    return _attention(node, batch=batch, heads=heads, length=length, total=total, width=width, projected=0)


def _projected(node: Node) -> Work:
    """As before, behind the product that makes query, key and value of one input."""
    batch, length, width = given(node, 0).shape
    columns = given(node, 1).shape[1]
    return _attention(
        node,
        batch=batch,
        heads=int(node.attributes["num_heads"]),
        length=length,
        total=length,
        width=columns // 3,
        projected=2 * batch * length * width * columns,
    )


def _attention(node: Node, *, batch: int, heads: int, length: int, total: int, width: int, projected: float) -> Work:
    product = Product(count=2 * batch * heads, rows=length, depth=width // heads, columns=total)
    weighed = batch * heads * length * total
    return work(node, Family.product, projected + product.flops + _SOFTMAX * weighed, operator="Attention", product=product)


RULES: Rules = {
    ("", "MatMul"): _matmul(),
    ("", "MatMulInteger"): _matmul(dtype=Dtype.int8),
    ("", "QLinearMatMul"): _matmul(right=3, dtype=Dtype.int8),
    ("", "Gemm"): _gemm(),
    ("", "Einsum"): _einsum,
    (ENGINE, "FusedMatMul"): _matmul(),
    (ENGINE, "FusedMatMulActivation"): _matmul(),
    (ENGINE, "TransposeMatMul"): _matmul(),
    (ENGINE, "DynamicQuantizeMatMul"): _matmul(dtype=Dtype.int8),
    (ENGINE, "MatMulIntegerToFloat"): _matmul(dtype=Dtype.int8),
    (ENGINE, "MatMulNBits"): _few_bits,
    (ENGINE, "FusedGemm"): _gemm(),
    (ENGINE, "QGemm"): _gemm(right=3, bias=6, dtype=Dtype.int8),
    (ENGINE, "MultiHeadAttention"): _many_headed,
    (ENGINE, "Attention"): _projected,
}
