"""Operators of `ai.onnx.ml` that pipelines of scikit-learn are written as: scalers, encoders, linear models, support vectors."""

from __future__ import annotations

from dataclasses import replace

from infractl.domain.work import Family, Product, Work
from infractl.profile.node import Node
from infractl.profile.rule.build import LEARNING, Rule, Rules, each, given, named, result, work

_TRANSFORMED = {b"LOGISTIC": 4, b"SOFTMAX": 5, b"SOFTMAX_ZERO": 5}
"""Operations for each score that an attribute has transformed: those of a Sigmoid and of a Softmax."""
_KERNELS = {b"LINEAR": 0, b"POLY": 3, b"SIGMOID": 7, b"RBF": 2}
"""Operations for a row and a vector besides their product: scale, shift, and a power or a Tanh. RBF: scale and exponential."""
_KERNEL_BYTES = 4
"""What a kernel gives is kept as a float until it is weighed."""
_ENTRY_BYTES = 2 * 64
"""Of a table two cache lines are read for each key: the place that its hash leads to, and the entry there."""


def _listed_bytes(node: Node, *names: str) -> float:
    """What the fractions take that these attributes list."""
    return 4.0 * sum(len(node.attributes.get(name, ())) for name in names)


def _scaled(node: Node) -> Work:
    """An offset is subtracted, a scale multiplies."""
    found = work(node, Family.elementwise, 2 * result(node).elements)
    return replace(found, weight_bytes=_listed_bytes(node, "offset", "scale"))


def _imputed(node: Node) -> Work:
    """Each number is compared with the one that stands for a missing one."""
    found = work(node, Family.elementwise, result(node).elements)
    return replace(found, weight_bytes=_listed_bytes(node, "imputed_value_floats"))


def _normalized(node: Node) -> Work:
    """The largest is found, or absolute values or squares are made and summed; then each is divided."""
    operations = 2 if node.attributes.get("norm", b"MAX") == b"MAX" else 3
    return work(node, Family.reduction, operations * result(node).elements)


def _looked_up(node: Node) -> Work:
    """Each key is compared with the one at its place in a table."""
    keys = given(node, 0)
    moved_bytes = keys.bytes + _ENTRY_BYTES * keys.elements + result(node).bytes
    return work(node, Family.movement, keys.elements, operator="Gather", moved_bytes=moved_bytes)


def _linear(compared: int) -> Rule:
    """A product with coefficients that are an attribute. A classifier compares each score with the highest so far."""

    def rule(node: Node) -> Work:
        rows, depth = (1, *given(node, 0).shape)[-2:]
        product = Product(count=1, rows=rows, depth=depth, columns=max(1, len(node.attributes["coefficients"]) // depth))
        transformed = _TRANSFORMED.get(node.attributes.get("post_transform", b"NONE"), 0)
        after = bool(node.attributes.get("intercepts")) + transformed + compared
        found = work(node, Family.product, product.flops + rows * product.columns * after, product=product)
        return replace(found, weight_bytes=_listed_bytes(node, "coefficients", "intercepts"))

    return rule


def _support_vectors(node: Node) -> Work | None:
    """A kernel of each row with each vector, weighed for a regressor's target, or for each class but one.

    That a classifier makes probabilities of decisions between two classes each is left out.
    """
    listed = node.attributes.get("support_vectors")
    if not listed:
        return _linear(0)(node)
    rows, depth = (1, *given(node, 0).shape)[-2:]
    vectors = max(1, len(listed) // depth)
    kernel = node.attributes.get("kernel_type", b"LINEAR")
    pairs = rows * vectors
    after = pairs * (_KERNELS[kernel] + 2 * max(1, len(node.attributes["coefficients"]) // vectors))
    moved_bytes = sum(operand.bytes for operand in (*node.inputs, *node.outputs) if operand) + 2 * _KERNEL_BYTES * pairs
    if kernel == b"RBF":
        # The engine takes the differences of a row and a vector one by one: its time is not that of a product.
        found = work(node, Family.transcendental, pairs * 3 * depth + after, moved_bytes=moved_bytes)
    else:
        product = Product(count=1, rows=rows, depth=depth, columns=vectors)
        found = work(node, Family.product, product.flops + after, product=product, moved_bytes=moved_bytes)
    return replace(found, weight_bytes=_listed_bytes(node, "support_vectors", "coefficients", "rho"))


RULES: Rules = {
    (LEARNING, "Scaler"): _scaled,
    (LEARNING, "Imputer"): _imputed,
    (LEARNING, "Normalizer"): _normalized,
    (LEARNING, "Binarizer"): each(Family.elementwise, 1),
    (LEARNING, "FeatureVectorizer"): each(Family.movement, 0, "Concat"),
    **named(_looked_up, "CategoryMapper", "LabelEncoder", "OneHotEncoder", domain=LEARNING),
    **named(_linear(1), "LinearClassifier", domain=LEARNING),
    **named(_linear(0), "LinearRegressor", domain=LEARNING),
    **named(_support_vectors, "SVMClassifier", "SVMRegressor", domain=LEARNING),
}
