"""Recurrent operators: products of input and state with the gates' weights, one step after another."""

from __future__ import annotations

from dataclasses import replace

from infractl.domain.work import Family, Product, Work
from infractl.profile.node import Node
from infractl.profile.rule.build import ENGINE, Rule, Rules, given, work
from infractl.tensors import Dtype


def _recurrent(gates: int, *, transposed: bool = False, dtype: Dtype | None = None) -> Rule:
    """The product is that of one step. The gates' own arithmetic, some operations for each of their elements, is left out."""

    def rule(node: Node) -> Work:
        steps, batch, width = given(node, 0).shape
        if node.attributes.get("layout"):
            steps, batch = batch, steps
        directions, *sizes = given(node, 2).shape
        hidden = sizes[0] if transposed else sizes[1]
        product = Product(count=directions, rows=batch, depth=width + hidden, columns=gates * hidden)
        name = {4: "LSTM", 3: "GRU"}.get(gates, "RNN")
        found = work(node, Family.recurrent, steps * product.flops, operator=name, product=product, dtype=dtype)
        return replace(found, steps=float(steps))

    return rule


RULES: Rules = {
    ("", "LSTM"): _recurrent(4),
    ("", "GRU"): _recurrent(3),
    ("", "RNN"): _recurrent(1),
    (ENGINE, "DynamicQuantizeLSTM"): _recurrent(4, transposed=True, dtype=Dtype.int8),
}
