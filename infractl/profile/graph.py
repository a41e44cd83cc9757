"""A graph's cost as functions of its dimensions: sizes are chosen, tried and, where no polynomial holds, chosen anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from infractl.profile.cost import Costed, cost
from infractl.profile.dimension import Dimensions
from infractl.profile.evaluate import Evaluator
from infractl.profile.program import Program
from infractl.profile.sample import FEW_ITEMS, LONGER, UNITS, Grid, Point, axes_of, grid
from infractl.profile.step import Rule, Stepper
from infractl.profile.tensor import Tensor
from infractl.profile.trace import Place, Trace
from infractl.tensors import TensorSpec

CLOSE = 0.02
"""The part of the whole by which polynomials may miss at a size that they were not made from."""
MANY = 4
"""Dimensions whose powers are all gone through; of more they are found one by one."""
MOST_STEPS = 2_000_000
"""Nodes that are evaluated for one graph, at all sizes together; beyond that what was found so far has to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """`dimensions` may be tied, which the search finds out."""

    dimensions: Dimensions
    grid: Grid
    costed: Costed

    def rank(self) -> tuple[int, bool, int, int, float]:
        """The lower, the better: what is not costed, whether polynomials hold, what has no effect, how many nodes and by how much
        they miss."""
        missing = sum(count for _, count in self.costed.execution.uncosted)
        return missing, self.costed.deviation > CLOSE, len(self.without_effect), self.costed.astray, self.costed.deviation

    @property
    def without_effect(self) -> frozenset[str]:
        """Lengths on which no operation depends."""
        lengths = {axis.name for axis in self.grid.axes if len(axis.sizes) > 1} - self.dimensions.leading
        counted = {name for operator in self.costed.execution.operators for term in operator.flops.terms for name in term}
        return frozenset(lengths - counted)


class Graph:
    """A program whose inputs have these names and axes."""

    def __init__(self, program: Program, inputs: Sequence[TensorSpec], rule: Rule) -> None:
        self._program = program
        self._inputs = {tensor.name: tensor for tensor in inputs}
        self._stepper = Stepper(rule)
        self._nodes = max(1, sum(1 for _ in program.walk()))
        self.taken = 0

    @property
    def exhausted(self) -> bool:
        return self.taken * self._nodes > MOST_STEPS

    def trace(self, dimensions: Dimensions, point: Point, branches: dict[Place, str]) -> Trace:
        self.taken += 1
        sizes = dimensions.sizes(point)
        evaluator = Evaluator(self._program, self._stepper, branches)
        return evaluator.evaluate({name: self._input(name, sizes) for name in self._program.inputs}, sizes)

    def costed(self, dimensions: Dimensions, at: Grid) -> Costed:
        """The costs from evaluations at the points of the grid."""
        branches: dict[Place, str] = {}
        return cost(at, lambda point: self.trace(dimensions, point, branches), lambda: self.exhausted)

    def sampled(self, dimensions: Dimensions) -> Sampled:
        """The first choice of sizes at which polynomials hold, or the best.

        A length that costs nothing may be shorter than what it is filled up to: larger sizes are tried once for such a one.
        """
        found: list[Sampled] = []
        for tied, at in self._grids(dimensions):
            costed = self.costed(tied, at)
            found.append(Sampled(dimensions=tied, grid=costed.grid, costed=costed))
            last = found[-1]
            holds = costed.fits and costed.deviation <= CLOSE and not costed.astray
            if self.exhausted or (holds and (len(found) > 1 or not last.without_effect)):
                break
        return min(found, key=Sampled.rank)

    def _grids(self, dimensions: Dimensions) -> Iterator[tuple[Dimensions, Grid]]:
        """From what suits most models to what suits few."""
        # A first axis may be a length as well, as in attention with the sequence first.
        lengths = replace(dimensions, leading=frozenset())
        # Of many dimensions a product is exact only where each is small.
        higher = (FEW_ITEMS, UNITS) if len(dimensions.free) > MANY else (UNITS, FEW_ITEMS)
        tried: list[Grid] = []
        for start, units, mixed in (
            (dimensions, UNITS, False),
            (dimensions, LONGER, False),
            *((dimensions, units, True) for units in higher),
            *((lengths, units, True) for units in higher),
            (dimensions, LONGER, True),
        ):
            tied, axes = axes_of(start, self._misfits(start), units)
            at = grid(axes, start.leading, mixed=mixed)
            if at not in tried:
                tried.append(at)
                yield tied, at

    def _misfits(self, dimensions: Dimensions) -> _Misfits:
        return _Misfits(self, dimensions)

    def _input(self, name: str, sizes: Mapping[str, int]) -> Tensor | None:
        """By the axes of the model's signature: the engine's own graph may not name those that have no name."""
        if name not in self._inputs:
            return None
        shape = tuple(axis if isinstance(axis, int) else sizes[axis] for axis in self._inputs[name].shape)
        return Tensor(self._program.element_types[name], shape)


class _Misfits:
    """Counts, and remembers, the nodes that do not fit sizes. Once too much was evaluated, nothing fits any more."""

    def __init__(self, graph: Graph, dimensions: Dimensions) -> None:
        self._graph = graph
        self._dimensions = dimensions
        self._known: dict[tuple[tuple[str, int], ...], int] = {}

    def __call__(self, point: Point) -> int:
        key = tuple(sorted(point.items()))
        if key not in self._known:
            spent = self._graph.exhausted and bool(self._known)
            self._known[key] = 2**31 if spent else self._graph.trace(self._dimensions, point, {}).contradictions
        return self._known[key]
