"""How long one operator takes: looked up among the kernels that calibration timed, in proportion to its own work.

Within a family the kernels' times over a roofline vary slowly with the sizes. A local linear regression in logarithms (Cleveland,
"Robust Locally Weighted Regression", JASA 1979) interpolates them. Where nothing was timed, the roofline is all there is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infractl.domain.work import Family, TimedWork
from infractl.placement.work_table import WorkTable
from infractl.tensors import Dtype

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_BY_OPERATOR = frozenset({Family.recurrent, Family.elementwise, Family.transcendental, Family.reduction, Family.movement})
"""Families whose operators differ more among each other than one does between two sizes."""
_NARROW = frozenset({Dtype.int8, Dtype.uint8})
_PEAKS = 8
_SMOOTHING = 0.1
"""In logarithms: kernels nearer than this count about the same."""
_REACH = 5
_RIDGE = 0.02
"""Of the weights: where the kernels around do not tell a slope, there is none."""
_BEYOND = 0.3
"""How far, in logarithms, a time may be from the roofline beyond what any kernel of the group is."""
_LANES = 16
"""Channels that the engine computes at once: those of a last, smaller group take as long as a whole one."""
_APART = 3.0
"""The distance between what is read from the file and what is not: the engine packs the former."""


@dataclass(frozen=True, slots=True, eq=False)
class Law:
    """What the kernels of one group show: their best rates, and for each its place and the logarithm of its time over those."""

    family: Family
    flops_per_s: float
    bytes_per_s: float
    least_s: float
    places: Array
    ratios: Array

    def seconds(self, works: WorkTable) -> Array:
        """For each row of a table of the law's family."""
        import numpy as np

        ratio = _interpolated(self.places, self.ratios, places(self.family, works))
        low, high = self.ratios.min() - _BEYOND, self.ratios.max() + _BEYOND
        base = roofline(self.family, works, self.flops_per_s, self.bytes_per_s, self.least_s)
        found: Array = base * np.exp(np.clip(ratio, low, high))
        return found


def roofline(family: Family, works: WorkTable, flops_per_s: float, bytes_per_s: float, least_s: float) -> Array:
    """Williams, Waterman and Patterson, CACM 2009, and what the engine takes for any operator."""
    import numpy as np

    found: Array = least_s + np.maximum(works.flops / flops_per_s, _moved_bytes(family, works) / bytes_per_s)
    return found


def _moved_bytes(family: Family, works: WorkTable) -> Array:
    """Of an ensemble of trees only the nodes on the way are read, which its comparisons count."""
    moved: Array = works.activation_bytes + (0.0 if family is Family.tree else works.weight_bytes)
    return moved


def law_of(kernels: Sequence[TimedWork], least_s: float) -> Law:
    """The law of kernels of one group."""
    import numpy as np

    works = WorkTable.of([kernel.work for kernel in kernels])
    seconds = np.array([kernel.seconds.value for kernel in kernels])
    flops_per_s = _peak(works.flops / seconds)
    family = kernels[0].work.family
    bytes_per_s = _peak(_moved_bytes(family, works) / seconds)
    base = roofline(family, works, flops_per_s, bytes_per_s, least_s)
    return Law(family, flops_per_s, bytes_per_s, least_s, places(family, works), np.log(seconds / base))


def _peak(rates: Array) -> float:
    """The best rates but one in eight: the best of many is luck. Infinite for what has no such work."""
    import numpy as np

    best = float(np.sort(rates)[-1 - len(rates) // _PEAKS])
    return best if best > 0 else float("inf")


def places(family: Family, works: WorkTable) -> Array:
    """Where each work is among others of its family: the logarithms of the sizes that its time depends on."""
    import numpy as np

    rows, depth, columns = (np.maximum(size, 1.0) for size in (works.rows, works.depth, works.columns))
    match family:
        case Family.product:
            sizes = [works.count, rows, depth, columns, np.exp(np.where(works.weight_bytes > 0, _APART, 0.0))]
        case Family.convolution | Family.depthwise:
            channels = columns * works.count
            wasted = np.ceil(channels / _LANES) * _LANES / channels
            sizes = [rows, depth, channels, works.activation_bytes / rows, wasted**2]
        case Family.recurrent:
            sizes = [works.steps, rows, depth, columns]
        case Family.tree:
            # What does not stay in a near cache is a matter of all nodes, not of how deep they lie.
            sizes = [works.trees, works.weight_bytes, works.flops]
        case _:
            sizes = [works.activation_bytes]
    return np.stack([np.log(np.maximum(size, 1.0)) for size in sizes], axis=1)


def _interpolated(known: Array, values: Array, wanted: Array) -> Array:
    """The constant of a line fitted around each wanted place, near ones counting most."""
    import numpy as np

    apart = known[None, :, :] - wanted[:, None, :]
    weight = 1 / (np.sqrt((apart**2).sum(axis=2)) + _SMOOTHING) ** _REACH
    sides = np.concatenate([np.ones((*apart.shape[:2], 1)), apart], axis=2)
    weighted = (sides * weight[:, :, None]).transpose(0, 2, 1)
    ridge = np.diag([0.0] + [_RIDGE] * known.shape[1])[None] * weight.sum(axis=1)[:, None, None]
    found: Array = np.linalg.solve(weighted @ sides + ridge, weighted @ values[:, None])[:, 0, 0]
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Kernels:
    """All that was timed on a machine, ready to be looked up."""

    laws: Mapping[tuple[Family, bool, str], Law]
    """By family, whether in eight bits, and operator; an empty operator stands for all of them."""

    def law(self, family: Family, dtype: Dtype, operator: str) -> Law | None:
        """The nearest there is: of the operator, else of its family in its type, else of its family."""
        narrow = dtype in _NARROW
        keys = ((family, narrow, operator), (family, narrow, ""), (family, False, operator), (family, False, ""))
        return next((law for key in keys if (law := self.laws.get(key))), None)


def kernels_of(timed: Sequence[TimedWork], least_s: float) -> Kernels:
    """The laws of kernels that were timed on one thread."""
    groups: dict[tuple[Family, bool, str], list[TimedWork]] = {}
    for kernel in timed:
        work = kernel.work
        for operator in {"", work.operator if work.family in _BY_OPERATOR else ""}:
            groups.setdefault((work.family, work.dtype in _NARROW, operator), []).append(kernel)
    return Kernels({key: law_of(group, least_s) for key, group in groups.items()})
