"""The points at which the batching queue is tabulated, and what the table holds there. Reading it is `batch_table`.

A queue with S(b) = a + d·b has three coordinates, in units of S(1): its cap B; its share, log S(B) / log B, which is 0 where a
batch costs as much as one item and 1 where batching saves nothing; and its load, the busy share of full batches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infractl.placement.queueing import NUMERIC_LIMIT, Queue, latency_distribution

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Vector = NDArray[np.float64]

CAPS = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 32, 48, 64, 96, 128)
SHARES = 33
LOADS = 96
LEVELS = (0.50, 0.95, 0.99)

LOWEST = -1.0
"""The least that a cell holds: see `squeezed`."""

STEP = 1e-4
"""Cells are kept as whole numbers of this, from LOWEST on."""

_BENDS = (0.0102, 0.054, 0.11, 0.30, 0.62)
"""Loads of single items (rate · S(1)) near which a percentile begins to rise (p99, p95, p50) or turns, whatever the cap."""

_SHARE_BEND = 1.4
_BEND_WIDTH = 0.35
_BEND_HEIGHT = 0.7


def position(load: ArrayLike, gain: ArrayLike) -> Vector:
    """Where a load lies on the axis, 0 (idle) to 1 (NUMERIC_LIMIT). `gain` is B · S(1) / S(B), what full batches gain."""
    result: Vector = stretched(load, gain) / stretched(NUMERIC_LIMIT, gain)
    return result


def stretched(load: ArrayLike, gain: ArrayLike) -> Vector:
    """Where a load lies on the axis before it is scaled."""
    import numpy as np

    # Even steps of it are short where percentiles bend: at the loads above, and towards the limit.
    single = np.maximum(np.asarray(load) * gain, 1e-12)
    bends = (1 + np.tanh((np.log(single)[..., None] - np.log(_BENDS)) / _BEND_WIDTH)).sum(axis=-1)
    result: Vector = np.log1p(100 * single) - np.log1p(-np.asarray(load)) + _BEND_HEIGHT * bends
    return result


def share_position(share: ArrayLike) -> Vector:
    """Where a share lies on its axis, 0 to 1: in steps that are shorter where batches save little."""
    import numpy as np

    result: Vector = 1 - np.clip(1 - np.asarray(share), 0, 1) ** (1 / _SHARE_BEND)
    return result


def shares() -> Vector:
    """The shares at the axis' points."""
    import numpy as np

    result: Vector = 1 - (1 - np.linspace(0, 1, SHARES)) ** _SHARE_BEND
    return result


def loads(gain: float) -> Vector:
    """The loads at the axis' points, by bisection."""
    import numpy as np

    wanted = np.linspace(0, 1, LOADS)
    low, high = np.zeros(LOADS), np.full(LOADS, NUMERIC_LIMIT)
    for _ in range(60):
        middle = (low + high) / 2
        below = position(middle, gain) < wanted
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    result: Vector = (low + high) / 2
    return result


def queue(cap: int, share: float, load: float) -> Queue:
    """The queue at a point, with S(1) = 1."""
    full = cap**share
    item = (full - 1) / (cap - 1) if cap > 1 else 0.0
    batch_s = tuple(1 + item * more for more in range(cap))
    return Queue(rate_per_s=load * cap / full, batch_s=batch_s)


def squeezed(latency: ArrayLike) -> Vector:
    """What is kept of a latency in units of S(1): its logarithm; below 1, where that would turn sharply, how far below."""
    import numpy as np

    latency = np.asarray(latency, dtype=float)
    result: Vector = np.where(latency < 1, np.maximum(latency - 1, LOWEST), np.log(np.maximum(latency, 1)))
    return result


def cell(cap: int, share: float, load: float) -> Vector:
    """The squeezed latency at each of LEVELS, solved exactly.

    While more than a level's share of requests find the server idle, its latency is S(1), and bends sharply where that ends. The
    straight line from beyond the bend is kept on, to below 1, so that the table can be interpolated across: readers clip it.
    """
    import numpy as np

    levels = np.array(LEVELS)
    points, shares = latency_distribution(queue(cap, share, max(load, 1e-9)))
    idle = float(np.interp(1 + 1e-8, points, shares))
    if idle > 1 - 1e-6:
        return np.full(len(levels), LOWEST)
    beyond = 0.05 * (1 - idle)
    slope = (float(np.interp(idle + beyond, shares, points)) - 1) / beyond
    latency = np.where(levels > idle, np.interp(levels, shares, points), 1 - (idle - levels) * slope)
    return squeezed(latency)


def plane(cap: int) -> Vector:
    """All cells of one cap, by share, load and level."""
    import numpy as np

    if cap == 1:
        return np.array([[cell(1, 0.0, load) for load in loads(1.0)]] * SHARES)
    return np.array([[cell(cap, float(share), load) for load in loads(cap ** (1 - share))] for share in shares()])
