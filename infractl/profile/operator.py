"""What one operator of an ONNX graph costs, from its operands' shapes. Without a rule its cost is not known, which is not 0.

The convention: an addition, multiplication, division, comparison, square root or exponential is one operation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from infractl.domain.polynomial import Polynomial
from infractl.domain.profile import OperatorCost, ProductCost
from infractl.domain.work import Family
from infractl.tensors import Dtype

Shape = tuple[int | str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operand:
    """A tensor that flows into or out of a node. `weight`: it comes from the file, not from a request or another node."""

    shape: Shape
    element_bytes: float
    weight: bool = False

    @property
    def bytes(self) -> Polynomial:
        return Polynomial.product(self.element_bytes, *self.shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """An operator with its operands, the absent optional ones left out, and its integer attributes."""

    name: str
    operator: str
    inputs: tuple[Operand, ...]
    outputs: tuple[Operand, ...]
    attributes: Mapping[str, int]


Flops = Callable[[Node], Polynomial]


def cost(node: Node) -> OperatorCost | None:
    """The node's cost, or None where no rule knows the operator or its operands do not fit the rule."""
    rule = _RULES.get(node.operator)
    if rule is None or not node.outputs:
        return None
    still = node.operator in _VIEWS
    weights = [] if still else [o for o in node.inputs if o.weight]
    moved = [] if still else [o for o in (*node.inputs, *node.outputs) if not o.weight]
    if any(isinstance(size, str) for o in weights for size in o.shape):
        return None
    try:
        flops = rule(node)
    except (IndexError, ValueError):
        # Of another rank than the rule takes.
        return None
    return OperatorCost(
        name=node.name,
        operator=node.operator,
        family=_family(node.operator),
        dtype=Dtype.float32,
        product=_product(node) if node.operator in ("MatMul", "Gemm") else None,
        flops=flops,
        weight_bytes=sum(o.bytes.at({}) for o in weights),
        activation_bytes=sum((o.bytes for o in moved), Polynomial()),
    )


def _family(operator: str) -> Family:
    if operator in _VIEWS:
        return Family.view
    if operator in ("MatMul", "Gemm"):
        return Family.product
    if operator in ("Sigmoid", "Tanh", "Softmax", "LogSoftmax", "Exp", "Log"):
        return Family.transcendental
    if operator in ("Cast", "Concat", "Transpose"):
        return Family.movement
    return Family.reduction if operator.startswith(("Reduce", "Arg")) else Family.elementwise


def _product(node: Node) -> ProductCost:
    *count, rows, columns = (1, 1, *node.outputs[0].shape)
    transposed = node.operator == "Gemm" and node.attributes.get("transA")
    return ProductCost(
        count=Polynomial.product(*count),
        rows=Polynomial.product(rows),
        depth=Polynomial.product(node.inputs[0].shape[-2 if transposed else -1]),
        columns=Polynomial.product(columns),
    )


def _matmul(node: Node) -> Polynomial:
    """2·m·n·k for each matrix of the batch: n·m elements of k multiplications and additions."""
    return Polynomial.product(2, node.inputs[0].shape[-1], *node.outputs[0].shape)


def _gemm(node: Node) -> Polynomial:
    rows, columns = node.inputs[0].shape
    depth = rows if node.attributes.get("transA") else columns
    product = Polynomial.product(2, depth, *node.outputs[0].shape)
    biased = len(node.inputs) > 2
    return product + Polynomial.product(*node.outputs[0].shape) if biased else product


def _each_output(operations: int) -> Flops:
    return lambda node: Polynomial.product(operations, *node.outputs[0].shape)


def _each_input(operations: int) -> Flops:
    return lambda node: Polynomial.product(operations, *node.inputs[0].shape)


def _between_inputs(node: Node) -> Polynomial:
    """One operation between each two neighbours of any number of operands."""
    return Polynomial.product(len(node.inputs) - 1, *node.outputs[0].shape)


def _nothing(node: Node) -> Polynomial:
    return Polynomial()


def _named(rule: Flops, operators: Sequence[str]) -> dict[str, Flops]:
    return dict.fromkeys(operators, rule)


_VIEWS = frozenset({"Constant", "Dropout", "Flatten", "Identity", "Reshape", "Shape", "Squeeze", "Unsqueeze"})
"""Operators that compute nothing and, in an engine that aliases buffers, move nothing."""

_RULES: dict[str, Flops] = {
    "MatMul": _matmul,
    "Gemm": _gemm,
    **_named(_nothing, sorted(_VIEWS)),
    **_named(_nothing, ["Cast", "Concat", "Transpose"]),
    **_named(_between_inputs, ["Add", "Div", "Max", "Mean", "Min", "Mul", "Sub", "Sum"]),
    **_named(_each_output(1), ["Abs", "Exp", "Log", "Neg", "Not", "Reciprocal", "Relu", "Sqrt"]),
    **_named(_each_output(1), ["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Where"]),
    # Clip: two comparisons. LeakyRelu, PRelu: one and a multiplication. BatchNormalization: scale and shift, folded.
    **_named(_each_output(2), ["BatchNormalization", "Clip", "LeakyRelu", "PRelu"]),
    # Sigmoid: negate, exponential, add, divide. Tanh and the softmaxes take one more.
    "Sigmoid": _each_output(4),
    **_named(_each_output(5), ["LogSoftmax", "Softmax", "Tanh"]),
    **_named(_each_input(1), ["ArgMax", "ArgMin", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum"]),
}
