"""Grows a grid to the powers that a graph's costs have, where those that they might have are too many to evaluate.

A power is asked for where some node's cost has all of those just below it: what Gerstner and Griebel call dimension-adaptive
(Computing 71, 2003). So a product of eight dimensions is found by 2⁸ evaluations and a few, not by 3⁸.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from infractl.profile.sample import Grid, Point
from infractl.profile.trace import Place, Step, Trace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_GROWN = 640
"""Evaluations of one growth: enough for a product of nine dimensions."""
_ROUNDING = 1e-12
"""Of a column's largest value: what the differences of values may leave where there is no such power."""

Powers = tuple[int, ...]
Numbers = Callable[[Step | None], tuple[float, ...]]


def grow(
    start: Grid, evaluate: Callable[[Point], Trace], numbers: Numbers, spent: Callable[[], bool]
) -> tuple[Grid, list[Trace]]:
    """The grid with all the powers that were found, and the graph's traces at its points; `whole` where none is missing."""
    growth = _Growth(start, evaluate, numbers)
    level: list[Powers] = [(0,) * len(start.axes)]
    while level:
        if len(growth.powers) + len(level) > MOST_GROWN or (growth.powers and spent()):
            return replace(start, powers=tuple(growth.powers), whole=False), growth.traces
        for powers in level:
            growth.take(powers)
        level = list(dict.fromkeys(up for powers in level for up in growth.above(powers)))
    return replace(start, powers=tuple(growth.powers)), growth.traces


class _Growth:
    """Newton's form of the costs' interpolation: for each power the difference that it makes at its own point."""

    def __init__(self, start: Grid, evaluate: Callable[[Point], Trace], numbers: Numbers) -> None:
        self._start = start
        self._evaluate = evaluate
        self._numbers = numbers
        self._places: list[Place] = []
        self._differences: list[NDArray[np.float64]] = []
        self._largest: NDArray[np.float64] | float = 0.0
        self._present: dict[Powers, NDArray[np.bool_]] = {}
        self.traces: list[Trace] = []

    @property
    def powers(self) -> Sequence[Powers]:
        return list(self._present)

    def take(self, powers: Powers) -> None:
        import numpy as np

        point = {axis.name: axis.sizes[power] for axis, power in zip(self._start.axes, powers, strict=True)}
        trace = self._evaluate(point)
        if not self.traces:
            self._places = [step.place for step in trace.steps if step.work]
        self.traces.append(trace)
        steps: Mapping[Place, Step] = {step.place: step for step in trace.steps}
        values = np.array([self._numbers(steps.get(place)) for place in self._places], np.float64).ravel()
        self._largest = np.maximum(self._largest, np.abs(values))
        if self._differences:
            weights = self._basis([*self._present], powers)
            below = np.flatnonzero(weights)
            values = values - weights[below] @ np.array([self._differences[place] for place in below])
        difference = values / self._basis([powers], powers)[0]
        present = np.abs(difference) > _ROUNDING * self._largest
        self._differences.append(np.where(present, difference, 0.0))
        self._present[powers] = present

    def above(self, powers: Powers) -> Iterator[Powers]:
        """Those one higher of which some cost has all that are just below: of a dimension's first power, every one."""
        for place, axis in enumerate(self._start.axes):
            up = _moved(powers, place, 1)
            if up[place] >= len(axis.sizes):
                continue
            below = [_moved(up, each, -1) for each, power in enumerate(up) if power]
            if sum(up) == 1 or (all(each in self._present for each in below) and self._share(below)):
                yield up

    def _share(self, below: Sequence[Powers]) -> bool:
        import numpy as np

        return bool(np.logical_and.reduce([self._present[each] for each in below]).any())

    def _basis(self, of: Sequence[Powers], at: Powers) -> NDArray[np.float64]:
        """Each power's factors at the point of another: it is 0 where the point is not above the power's own."""
        import numpy as np

        found = np.ones(len(of))
        degrees = np.array(of, np.int64).reshape(len(of), len(self._start.axes))
        for place, axis in enumerate(self._start.axes):
            here = axis.sizes[at[place]]
            factors = np.cumprod([1.0, *((here - size) / axis.sizes[0] for size in axis.sizes)])
            found *= factors[degrees[:, place]]
        return found


def _moved(powers: Powers, place: int, by: int) -> Powers:
    return (*powers[:place], powers[place] + by, *powers[place + 1 :])
