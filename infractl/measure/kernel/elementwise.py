"""Operators to time that compute element by element: simple ones, and those made of exponentials."""

from __future__ import annotations

from collections.abc import Iterator

from infractl.domain.work import Family
from infractl.measure.kernel.element import LONG_ROWS, Build, Operator, Shape, plain, timed
from infractl.measure.kernel.graph import Graph
from infractl.measure.kernel.kernel import Kernel

_OWN = "com.microsoft"
"""The domain of the operators that the engine makes when it fuses."""


def _scalars(name: str, *values: float) -> Build:
    """With further operands of one element."""

    def build(graph: Graph, last: str, shape: Shape) -> str:
        import numpy as np

        return graph.add(name, last, *(graph.weight(np.array(value, np.float32)) for value in values))

    return build


def _row(name: str, domain: str = "") -> Build:
    """With one row of the last axis, as a bias is added or a norm is scaled."""

    def build(graph: Graph, last: str, shape: Shape) -> str:
        import numpy as np

        return graph.add(name, last, graph.weight(np.full(shape[-1], 1.01, np.float32)), domain=domain)

    return build


def _where(graph: Graph, last: str, shape: Shape) -> str:
    import numpy as np

    chosen = graph.weight(np.arange(shape[-1]) % 2 == 0)
    return graph.add("Where", chosen, last, graph.weight(np.array(0.5, np.float32)))


def _twice(name: str) -> Build:
    return lambda graph, last, shape: graph.add(name, last, last)


def elementwise() -> Iterator[Kernel]:
    return timed(
        Family.elementwise,
        [
            Operator(name="Relu", build=plain("Relu")),
            Operator(name="Add", build=_scalars("Add", 0.1), again=True),
            Operator(name="Add", build=_twice("Add"), moves=3, again=True),
            Operator(name="Add", build=_row("Add"), again=True, scales=True, shapes=LONG_ROWS),
            Operator(name="Mul", build=_twice("Mul"), moves=3, again=True, scales=True),
            Operator(name="Mul", build=_row("Mul"), again=True, shapes=LONG_ROWS),
            Operator(name="Sub", build=_scalars("Sub", 0.1), again=True),
            Operator(name="Div", build=_scalars("Div", 1.1), again=True),
            Operator(name="Sqrt", build=plain("Sqrt"), again=True),
            Operator(name="Pow", build=_scalars("Pow", 2.0), again=True),
            Operator(name="Clip", build=_scalars("Clip", -0.5, 0.5)),
            Operator(name="Neg", build=plain("Neg"), again=True),
            Operator(name="Where", build=_where, again=True),
            Operator(name="HardSigmoid", build=plain("HardSigmoid"), flops=4, again=True),
            Operator(name="LeakyRelu", build=plain("LeakyRelu"), flops=2, again=True),
        ],
    )


def transcendental() -> Iterator[Kernel]:
    return timed(
        Family.transcendental,
        [
            Operator(name="Sigmoid", build=plain("Sigmoid"), flops=4, again=True),
            Operator(name="Tanh", build=plain("Tanh"), flops=5, again=True),
            Operator(name="Exp", build=plain("Exp"), again=True),
            Operator(name="Log", build=plain("Log"), again=True),
            Operator(name="Erf", build=plain("Erf"), again=True),
            Operator(name="Softmax", build=plain("Softmax"), flops=5, again=True, scales=True),
            Operator(name="Gelu", build=plain("Gelu", domain=_OWN), flops=8, again=True, scales=True),
            Operator(name="BiasGelu", build=_row("BiasGelu", domain=_OWN), flops=9, again=True, shapes=LONG_ROWS),
            Operator(name="QuickGelu", build=plain("QuickGelu", domain=_OWN), flops=6, again=True),
            Operator(name="Elu", build=plain("Elu"), flops=3, again=True),
        ],
    )
