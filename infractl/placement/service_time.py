"""How long one instance takes for a batch: the time of each operator, by what calibration found or else by a data sheet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from infractl.domain.figure import Figure
from infractl.domain.profile import ModelProfile, OperatorCost
from infractl.domain.work import Family
from infractl.placement.fetch import fetch_s
from infractl.placement.kernel_time import Kernels, kernels_of, roofline
from infractl.placement.same import Same
from infractl.placement.sheet import Sheet
from infractl.placement.speed import Speed
from infractl.placement.thread_gain import ThreadGain, gains_of
from infractl.placement.work_table import WorkTable, at_batches

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_EACH_TO = 4
_A_STEP = 1.25
"""Batches are computed one by one at first, then in steps of so much: what lies between is interpolated."""


class End(Enum):
    """Which end of what is known: the fastest that is likely, the expected, the slowest."""

    low = "low"
    expected = "expected"
    high = "high"

    def factor(self, error: tuple[float, float]) -> float:
        """What a computed time is taken times, where the true one lies between so many times of it: one of `Speed`'s errors."""
        return {End.low: error[0], End.expected: 1.0, End.high: error[1]}[self]

    def of(self, figure: Figure) -> float:
        """A time at this end."""
        return {End.low: figure.low, End.expected: figure.value, End.high: figure.high}[self]

    def of_rate(self, figure: Figure) -> float:
        """A rate at this end: the slowest end has the lowest rate."""
        return {End.low: figure.high, End.expected: figure.value, End.high: figure.low}[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTime:
    """Seconds that one instance takes for a batch, at one end of what is known.

    `seconds(b) = error · (call_s + Σ operator(b) / gain(threads) + weights · fetch)` over the operators that the engine executes.
    An operator's time is that of the kernels around it, `kernel_time`; weights that the nearest cache does not hold are fetched,
    which adds to the time, as was measured. The calls are taken to follow one another closely. On a chip that nobody calibrated
    an operator's time is that of `Sheet`; where it runs what was compiled for powers of two, a batch takes as long as the next.
    """

    profile: ModelProfile
    speed: Speed
    instances: int
    end: End
    threads: int = 1
    extents: Mapping[str, int] = field(default_factory=dict)
    """Usual sizes of the dimensions in one request, those of `spec.traffic.shapes`; what it says of the batch is not used."""

    def seconds(self, batch: int) -> float:
        return self._at((batch,))[0]

    def table(self, cap: int, items: int = 1) -> tuple[float, ...]:
        """Seconds for 1 .. cap requests of so many items each."""
        import numpy as np

        if self.speed.sheet and self.speed.sheet.efficiency.buckets:
            return tuple(self._at(tuple(requests * items for requests in range(1, cap + 1))))
        computed = _steps(cap)
        between = np.interp(range(1, cap + 1), computed, self._at(tuple(requests * items for requests in computed)))
        return tuple(float(seconds) for seconds in between)

    def _at(self, batches: tuple[int, ...]) -> Sequence[float]:
        usual = tuple(sorted(self.extents.items()))
        if sheet := self.speed.sheet:
            # Of a batch that is filled up every request waits for the whole.
            batches = tuple(sheet.padded(batch) for batch in batches)
            usual = tuple((name, sheet.padded(size)) for name, size in usual)
        working_s = _working_s(Same(self.profile), Same(self.speed), self.instances, self.threads, usual, batches)
        factor = self.speed.scale * self.end.factor(self.speed.engine_error)
        call_s = self.end.of(self.speed.call_s)
        return [factor * (call_s + seconds) for seconds in working_s]


def _steps(cap: int) -> tuple[int, ...]:
    found = list(range(1, min(cap, _EACH_TO) + 1))
    while found[-1] < cap:
        found.append(min(cap, max(found[-1] + 1, round(_A_STEP * found[-1]))))
    return tuple(found)


@lru_cache(maxsize=1024)
def _working_s(
    profile: Same, speed: Same, instances: int, threads: int, extents: tuple[tuple[str, int], ...], batches: tuple[int, ...]
) -> tuple[float, ...]:
    """What the operators take together, at each batch."""
    import numpy as np

    model: ModelProfile = profile.value
    total_bytes = instances * model.weights_bytes
    totals = np.zeros(len(batches))
    sheet: Sheet | None = speed.value.sheet
    folds = sheet is not None and sheet.efficiency.folds
    operators = _Runs(sheet.runs if sheet and folds else lambda profile: profile.run.operators)
    for kind, works, times in _works(profile, operators, folds, extents, batches):
        if sheet:
            seconds = sheet.operator_s(kind, works, sheet.share(instances, threads))
        else:
            seconds = operator_s(kind, works, speed.value, threads=threads, total_bytes=total_bytes)
        totals += times @ seconds.reshape(len(times), len(batches))
    return tuple(float(total) for total in totals)


@dataclass(frozen=True, slots=True, eq=False)
class _Runs:
    """Which operators a chip runs: told apart by whether it folds some into others, which is beside it in the key."""

    of: Callable[[ModelProfile], Sequence[OperatorCost]]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Runs)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=256)
def _works(
    profile: Same, runs: _Runs, folds: bool, extents: tuple[tuple[str, int], ...], batches: tuple[int, ...]
) -> Sequence[tuple[OperatorCost, WorkTable, Array]]:
    """Groups of operators whose times follow one law: their works at each batch, and how many there are of each."""
    import numpy as np

    model: ModelProfile = profile.value
    sizes = model.sizes(1, dict(extents))
    return [
        (
            group[0][0],
            at_batches([operator for operator, _ in group], batches, model.batch, sizes),
            np.array([count for _, count in group], float),
        )
        for group in _alike(runs.of(model))
    ]


def operator_s(kind: OperatorCost, works: WorkTable, speed: Speed, *, threads: int = 1, total_bytes: float = 0.0) -> Array:
    """Seconds for each row of a table of works that are all of the operator's kind, in a model with so many bytes of weights."""
    import numpy as np

    if kind.family is Family.view:
        return np.full(len(works.flops), speed.operator_s.value)
    kernels, gains = _known(Same(speed.kernels), speed.operator_s.value)
    law = kernels.law(kind.family, kind.dtype, kind.kernel)
    flops_per_s, bytes_per_s = speed.flops_per_s.value, speed.cached_bandwidth_bytes_per_s.value
    alone_s = law.seconds(works) if law else roofline(kind.family, works, flops_per_s, bytes_per_s, speed.operator_s.value)
    found: Array = (alone_s + fetch_s(kind.family, works, speed, total_bytes)) / gains.of(kind.family, threads, alone_s)
    return found


@lru_cache(maxsize=8)
def _known(kernels: Same, operator_s: float) -> tuple[Kernels, ThreadGain]:
    return kernels_of([kernel for kernel in kernels.value if kernel.threads == 1], operator_s), gains_of(kernels.value)


def _alike(operators: Sequence[OperatorCost]) -> list[list[tuple[OperatorCost, int]]]:
    """Operators whose times follow one law together, each with how many there are that cost the same."""
    counts: Counter[Any] = Counter()
    first: dict[Any, OperatorCost] = {}
    for operator in operators:
        key = _key(operator)
        counts[key] += 1
        first.setdefault(key, operator)
    groups: dict[Any, list[tuple[OperatorCost, int]]] = {}
    for key, count in counts.items():
        groups.setdefault(key[:3], []).append((first[key], count))
    return list(groups.values())


def _key(operator: OperatorCost) -> tuple[Any, ...]:
    product = operator.product
    sizes = (product.count, product.rows, product.depth, product.columns) if product else ()
    counts = (operator.flops, operator.activation_bytes, operator.steps, *sizes)
    terms = tuple(frozenset(count.terms.items()) for count in counts)
    return (operator.family, operator.dtype, operator.kernel, terms, operator.weight_bytes, operator.trees, operator.depth)


def gaps(profile: ModelProfile, extents: Mapping[str, int] | None = None) -> tuple[str, ...]:
    """What the profile and the usual `extents` leave open, in words: with any of these a computed time is a floor."""
    operators = [
        f"the cost of {operator} ({count} {'time' if count == 1 else 'times'})" for operator, count in profile.run.uncosted
    ]
    return (*operators, *(f"the size of axis {axis}" for axis in open_axes(profile, extents or {})))


def open_axes(profile: ModelProfile, extents: Mapping[str, int]) -> tuple[str, ...]:
    """The dimensions, the batch aside, whose usual size nobody says."""
    return tuple(axis for axis in profile.dimensions if axis not in {profile.batch, *extents})
