"""How operators are timed that do a little for each element: in several sizes, small ones in chains."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from infractl.domain.work import Family, Work
from infractl.measure.kernel.graph import Graph, fed
from infractl.measure.kernel.kernel import Kernel, Model, Run, alone
from infractl.tensors import Dtype

Shape = tuple[int, int, int, int]
Build = Callable[[Graph, str, Shape], str]
"""Adds the operator to a graph, behind a tensor of this shape."""

SHAPES: tuple[Shape, ...] = ((1, 2, 4, 8), (1, 8, 16, 16), (1, 32, 24, 32), (2, 64, 48, 48), (8, 64, 64, 64))
"""From hundreds of bytes to eight million."""
LONG_ROWS: tuple[Shape, ...] = ((1, 1, 2, 64), (1, 1, 8, 256), (1, 4, 24, 256), (1, 16, 48, 768), (8, 16, 64, 256))
"""With a last axis as wide as that of layers."""
_CHAINED_ELEMENTS = 2**15
_CHAIN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """An operator as it is timed: it reads and writes `moves` elements for each of its input's, and computes `flops`.

    `again`: it can be applied to its own output, and the engine does not make one of the two.
    """

    name: str
    build: Build
    flops: float = 1.0
    moves: float = 2.0
    again: bool = False
    scales: bool = False
    shapes: tuple[Shape, ...] = SHAPES


def timed(family: Family, operators: Sequence[Operator]) -> Iterator[Kernel]:
    for operator in operators:
        for shape in operator.shapes:
            yield _kernel(family, operator, shape)


def _kernel(family: Family, operator: Operator, shape: Shape) -> Kernel:
    elements = prod(shape)
    times = _CHAIN if operator.again and elements <= _CHAINED_ELEMENTS else 1
    graph = Graph()
    last = graph.input(shape)
    for _ in range(times):
        last = operator.build(graph, last, shape)
    work = Work(
        family=family,
        operator=operator.name,
        dtype=Dtype.float32,
        flops=operator.flops * elements,
        weight_bytes=0.0,
        activation_bytes=4 * elements * operator.moves,
    )
    return alone(work, Run(Model(graph.finish(last)), (fed(shape),)), times, scales=operator.scales)


def plain(name: str, *, domain: str = "", **attributes: Any) -> Build:
    """The operator with attributes alone."""
    return lambda graph, last, shape: graph.add(name, last, domain=domain, **attributes)
