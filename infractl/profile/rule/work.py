"""The rule of cost for an operator. Without one its cost is not known, which is not 0.

The convention: an addition, multiplication, division, comparison, square root or exponential is one operation.
"""

from __future__ import annotations

from infractl.domain.work import Work
from infractl.profile.node import Node
from infractl.profile.rule import convolution, element, learning, movement, product, recurrent, reduction, tree
from infractl.profile.rule.build import ENGINE, Rule, Rules

_MODULES = (product, convolution, recurrent, tree, learning, element, reduction, movement)
_RULES: Rules = {key: rule for module in _MODULES for key, rule in module.RULES.items()}
_SAME = {"ai.onnx": "", "com.ms.internal.nhwc": ENGINE}
"""Domains whose operators are those of another one."""


def work_of(node: Node) -> Work | None:
    """The node's work, or None where no rule knows the operator, or what it is given does not fit the rule."""
    rule = _rule(node)
    if rule is None or all(operand is None for operand in node.outputs):
        return None
    try:
        return rule(node)
    except (ArithmeticError, LookupError, AttributeError, TypeError, ValueError):
        # Of another rank, or with other attributes, than the operator is defined for.
        return None


def _rule(node: Node) -> Rule | None:
    return _RULES.get((_SAME.get(node.domain, node.domain), node.operator))
