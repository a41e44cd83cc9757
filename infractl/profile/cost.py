"""What a graph costs as functions of its dimensions, from its evaluations at the points of a grid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from infractl.domain.polynomial import Polynomial
from infractl.domain.profile import ONCE, Execution, OperatorCost, ProductCost
from infractl.domain.work import Product, Work
from infractl.profile.fit import fit
from infractl.profile.grow import grow
from infractl.profile.sample import Grid, Point
from infractl.profile.trace import Place, Step, Trace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Evaluate = Callable[[Point], Trace]

_COLUMNS = 7
"""Operations, bytes, steps, and the four sizes of a product."""
_SMALL, _LARGE = 1, 4096
"""Between these sizes of any dimension the peak is looked for."""
WRONG = 0.25
"""The part of the whole by which no rounding misses: the costs are other functions than were fitted, as a third power is."""
MISSED = 0.02
"""By this part of its own cost a node is among those."""
ASTRAY = 0.001
"""By this part of its own cost a node is reason enough to try other sizes, however little it is of the whole."""
_NO_PRODUCT = Product(count=0.0, rows=0.0, depth=0.0, columns=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Costed:
    """`grid` as it was grown. `deviation` is by how much operations or bytes of the whole graph differ at its further point,
    as a part of them. `astray` counts the nodes whose own costs differ there. `fits`: no node contradicted the sizes.
    """

    grid: Grid
    execution: Execution
    live_bytes: tuple[Polynomial, ...]
    deviation: float
    astray: int
    fits: bool


def cost(grid: Grid, evaluate: Evaluate, spent: Callable[[], bool]) -> Costed:
    """Evaluate the graph at every point, and at one further. A grid that grows does so until too much was `spent`."""
    # The largest first: which branch is the dearer is decided there.
    further = evaluate(grid.check)
    if grid.grows and not grid.powers:
        grid, traces = grow(grid, evaluate, _numbers, spent)
    else:
        traces = [evaluate(point) for point in grid.points]
    steps = _aligned(traces)
    known = {place: rows for place, rows in steps.items() if _costed(rows)}
    costs = dict(zip(known, _costs(grid, [*known.values()]), strict=True))
    deviation = _deviation([*costs.values()], further, grid.check)
    astray = _missed(costs, further, grid.check, ASTRAY)
    missed = _missed(costs, further, grid.check, MISSED) if grid.grows or not grid.whole or deviation > WRONG else frozenset()
    uncosted = Counter(next(filter(None, rows)).label for place, rows in steps.items() if place not in costs or place in missed)
    execution = Execution(
        operators=tuple(each for place, each in costs.items() if place not in missed),
        uncosted=tuple(sorted(uncosted.items())),
        bounded=tuple(sorted({name for trace in traces for name in trace.bounded})),
    )
    fits = not any(trace.contradictions for trace in (further, *traces))
    live = _live(grid, traces, further if missed or not (grid.whole and fits) else None)
    return Costed(grid=grid, execution=execution, live_bytes=live, deviation=deviation, astray=len(astray), fits=fits)


def _missed(costs: Mapping[Place, OperatorCost], further: Trace, sizes: Point, part: float) -> frozenset[Place]:
    """The nodes for which no polynomial was found: what is said of them misses by more than this part of what they cost."""
    known = {step.place: step.work for step in further.steps if step.work}
    return frozenset(
        place
        for place, each in costs.items()
        if place not in known
        or _difference(each.at(sizes).flops, known[place].flops) > part
        or _difference(each.at(sizes).activation_bytes, known[place].activation_bytes) > part
    )


def _aligned(traces: Sequence[Trace]) -> Mapping[Place, Sequence[Step | None]]:
    """The same node's steps at each point: None where it is not run there."""
    by_place = [{step.place: step for step in trace.steps} for trace in traces]
    places = dict.fromkeys(step.place for trace in traces for step in trace.steps)
    return {place: [steps.get(place) for steps in by_place] for place in places}


def _costed(rows: Sequence[Step | None]) -> bool:
    return all(step is None or step.work is not None for step in rows)


def _costs(grid: Grid, nodes: Sequence[Sequence[Step | None]]) -> list[OperatorCost]:
    import numpy as np

    points = len(grid.points)
    values = np.array([[_numbers(step) for step in rows] for rows in nodes], np.float64).reshape(len(nodes), points, _COLUMNS)
    fitted = iter(fit(grid, values.transpose(1, 0, 2).reshape(points, -1)))
    return [_operator_cost(next(filter(None, rows)), fitted) for rows in nodes]


def _numbers(step: Step | None) -> tuple[float, ...]:
    """Nothing where it is not run."""
    if step is None or step.work is None:
        return (0.0,) * _COLUMNS
    work, product = step.work, step.work.product or _NO_PRODUCT
    return (work.flops, work.activation_bytes, work.steps, product.count, product.rows, product.depth, product.columns)


def _operator_cost(step: Step, fitted: Iterator[Polynomial]) -> OperatorCost:
    flops, activation_bytes, steps, *product = (next(fitted) for _ in range(_COLUMNS))
    work = _work(step)
    count, rows, depth, columns = product
    return OperatorCost(
        name=step.name,
        operator=step.label,
        timed_as=work.operator if work.operator != step.label else "",
        family=work.family,
        dtype=work.dtype,
        flops=flops,
        weight_bytes=work.weight_bytes,
        activation_bytes=activation_bytes,
        product=ProductCost(count=count, rows=rows, depth=depth, columns=columns) if work.product else None,
        steps=ONCE if steps == ONCE else steps,
        trees=work.trees,
        depth=work.depth,
    )


def _work(step: Step) -> Work:
    if step.work is None:
        raise ValueError(f"{step.name} was not costed")
    return step.work


def _live(grid: Grid, traces: Sequence[Trace], further: Trace | None) -> tuple[Polynomial, ...]:
    """Of the moments that are the worst at any size: small, large, or small along some dimensions and large along others.

    Those that miss `further` are left out: what remains is a floor.
    """
    import numpy as np

    live: NDArray[np.float64] = np.array([trace.live_bytes for trace in traces], np.float64)
    if not live.size:
        return ()
    # Many moments are alike.
    rows = np.unique(np.vstack([live, further.live_bytes]) if further else live, axis=1)
    moments = fit(grid, rows[: len(traces)])
    if further:
        known = rows[-1].tolist()
        moments = [m for m, size in zip(moments, known, strict=True) if _difference(m.at(grid.check), size) <= MISSED]
    worst = [max(moments, key=lambda moment: moment.at(size)) for size in _extremes(grid)] if moments else []
    return tuple(moment for moment in moments if any(moment is each for each in worst))


def _extremes(grid: Grid) -> Iterator[Point]:
    """The corners of what may be asked, and where the graph was evaluated."""
    yield from (*grid.points, grid.check)
    names = [axis.name for axis in grid.axes]
    small, large = dict.fromkeys(names, _SMALL), dict.fromkeys(names, _LARGE)
    for count in range(len(names) + 1):
        # Of many dimensions one or two, or all but those.
        if len(names) <= 4 or count <= 1 or count >= len(names) - 1:
            for chosen in combinations(names, count):
                yield small | {name: large[name] for name in chosen}


def _deviation(costs: Sequence[OperatorCost], further: Trace, sizes: Point) -> float:
    known = [step.work for step in further.steps if step.work]
    found = [each.at(sizes) for each in costs]
    return max(
        _difference(sum(work.flops for work in found), sum(work.flops for work in known)),
        _difference(sum(work.activation_bytes for work in found), sum(work.activation_bytes for work in known)),
    )


def _difference(found: float, known: float) -> float:
    return abs(found - known) / known if known else float(bool(found))
