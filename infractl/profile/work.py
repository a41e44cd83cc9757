"""The rules of `operator.py` for a node at known sizes."""

from __future__ import annotations

from infractl.domain.work import Work
from infractl.profile import operator
from infractl.profile.node import Node, Operand


def work_of(node: Node) -> Work | None:
    """The node's work, or None where no rule knows the operator."""
    if any(operand is None for operand in node.outputs):
        return None
    name = node.operator if not node.domain else _FUSED.get(node.operator, "") if node.domain == "com.microsoft" else ""
    found = operator.cost(
        operator.Node(
            name=node.name,
            operator=name,
            inputs=tuple(_operand(o) for o in node.inputs if o),
            outputs=tuple(_operand(o) for o in node.outputs if o),
            attributes={name: value for name, value in node.attributes.items() if isinstance(value, int)},
        )
    )
    return found.at({}) if found else None


def _operand(given: Operand) -> operator.Operand:
    return operator.Operand(shape=given.shape, element_bytes=given.element_bytes, weight=given.weight)


_FUSED = {"FusedGemm": "Gemm", "FusedMatMul": "MatMul"}
