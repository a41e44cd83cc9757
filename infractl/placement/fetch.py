"""What it costs to fetch what the nearest cache has lost when its turn comes: weights, and activations that are large."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from infractl.domain.calibration import WeightFetch
from infractl.domain.work import Family
from infractl.placement.speed import Speed
from infractl.placement.work_table import WorkTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


_MEASURED = {Family.convolution: Family.convolution, Family.product: Family.convolution, Family.depthwise: Family.depthwise}
"""The family whose activations tell of a family's. All others move bytes one after another, as elementwise operators do."""


def fetch_s(family: Family, works: WorkTable, speed: Speed, total_bytes: float) -> Array:
    """Seconds that each work takes more than its kernel, in a model whose weights take `total_bytes` in all.

    Of an ensemble of trees a call reads some nodes here and there, and the kernels were timed so: their weights are not streamed.
    """
    weights_s = 0.0 if family is Family.tree else works.weight_bytes * _weights(works, speed, total_bytes)
    found: Array = weights_s + works.activation_bytes * _activations(family, works, speed)
    return found


def _weights(works: WorkTable, speed: Speed, total_bytes: float) -> Array:
    """For each byte. A kernel was timed with its own weights alone: what these took to fetch is in its time already.

    Where nothing was measured, weights beyond the cache come at the rate of memory.
    """
    import numpy as np

    if not speed.weight_fetches:
        beyond = total_bytes > speed.cached_bytes
        everywhere: Array = np.full_like(works.rows, 1 / speed.bandwidth_bytes_per_s.value if beyond else 0.0)
        return everywhere
    whole = _at(speed.weight_fetches, np.full_like(works.rows, total_bytes), works.rows)
    own = _at(speed.weight_fetches, works.weight_bytes, works.rows)
    found: Array = np.maximum(whole - own, 0.0)
    return found


def _at(fetches: Sequence[WeightFetch], total_bytes: Array, rows: Array) -> Array:
    """Between what was measured, in proportion of the logarithms; outside, as at the nearest."""
    import numpy as np

    known_rows = np.array(sorted({fetch.rows for fetch in fetches}))
    sizes = np.log(np.maximum(total_bytes, 1.0))
    lines = np.stack([_line([fetch for fetch in fetches if fetch.rows == count], sizes) for count in known_rows])
    position = np.interp(np.log(np.maximum(rows, 1.0)), np.log(known_rows), np.arange(len(known_rows)))
    below = position.astype(int)
    above = np.minimum(below + 1, len(known_rows) - 1)
    each = np.arange(len(rows))
    found: Array = lines[below, each] + (position - below) * (lines[above, each] - lines[below, each])
    return found


def _line(fetches: Sequence[WeightFetch], sizes: Array) -> Array:
    import numpy as np

    known = sorted((fetch.total_bytes, fetch.seconds_per_byte.value) for fetch in fetches)
    found: Array = np.interp(sizes, np.log([size for size, _ in known]), [each for _, each in known])
    return found


def _activations(family: Family, works: WorkTable, speed: Speed) -> Array:
    import numpy as np

    like = _MEASURED.get(family, Family.elementwise)
    known = sorted((f.moved_bytes, f.seconds_per_byte.value) for f in speed.activation_fetches if f.family is like)
    if not known:
        nothing: Array = np.zeros_like(works.rows)
        return nothing
    found: Array = np.interp(works.activation_bytes, [moved for moved, _ in known], [each for _, each in known], left=0.0)
    return found
