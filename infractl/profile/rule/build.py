"""What the rules of cost share: reading a node's operands, and from operations and bytes to a Work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from infractl.domain.work import Family, Product, Work
from infractl.profile.node import Node, Operand
from infractl.tensors import Dtype

Rule = Callable[[Node], Work | None]
Rules = Mapping[tuple[str, str], Rule]
"""By domain and operator; the default domain is empty."""

ENGINE, BLOCKED, LEARNING = "com.microsoft", "com.microsoft.nchwc", "ai.onnx.ml"


def given(node: Node, place: int) -> Operand:
    """The input at a place. Raises LookupError where it is left out."""
    operand = node.inputs[place]
    if operand is None:
        raise LookupError(f"{node.operator} without its input {place}")
    return operand


def is_given(node: Node, place: int) -> bool:
    return len(node.inputs) > place and node.inputs[place] is not None


def result(node: Node) -> Operand:
    """The first output that there is. Raises LookupError where there is none."""
    found = next(filter(None, node.outputs), None)
    if found is None:
        raise LookupError(f"{node.operator} without an output")
    return found


def _weight_bytes(operands: Iterable[Operand | None]) -> float:
    return sum(operand.bytes for operand in operands if operand and operand.weight)


def _activation_bytes(operands: Iterable[Operand | None]) -> float:
    return sum(operand.bytes for operand in operands if operand and not operand.weight)


def work(
    node: Node,
    family: Family,
    flops: float,
    *,
    operator: str = "",
    product: Product | None = None,
    dtype: Dtype | None = None,
    moved_bytes: float | None = None,
) -> Work:
    """A node that reads each input and writes each output once; `moved_bytes` where it is otherwise.

    `operator` is the one whose time it follows, where that has another name: what an engine fused counts as what it extends.
    """
    known = dtype or given(node, 0).dtype or Dtype.float32
    return Work(
        family=family,
        operator=operator or node.operator,
        dtype=known,
        flops=float(flops),
        weight_bytes=_weight_bytes(node.inputs),
        activation_bytes=_activation_bytes((*node.inputs, *node.outputs)) if moved_bytes is None else float(moved_bytes),
        product=product,
    )


def each(family: Family, operations: float, operator: str = "") -> Rule:
    """So many operations for each element of the output."""
    return lambda node: work(node, family, operations * result(node).elements, operator=operator)


def each_input(family: Family, operations: float, operator: str = "") -> Rule:
    """So many operations for each element of the first input."""
    return lambda node: work(node, family, operations * given(node, 0).elements, operator=operator)


def named(rule: Rule, *operators: str, domain: str = "") -> dict[tuple[str, str], Rule]:
    return {(domain, operator): rule for operator in operators}
