"""Percentiles of many batching queues at once, read from a table of the exact chain: microseconds for each, within 2% of it.

The queue is that of `queueing`: Poisson arrivals at one server that, once free, takes what waits, up to a cap, here with batches
that take S(b) = a + d·b seconds. `batch_grid` says what is tabulated; `make tables` solves it anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import TYPE_CHECKING

from infractl.placement.batch_grid import CAPS, LOADS, LOWEST, SHARES, STEP, share_position, stretched
from infractl.placement.queueing import NUMERIC_LIMIT

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Vector = NDArray[np.float64]
    Places = NDArray[np.int_]

PERCENTILES = (50, 95, 99)
"""What the last axis of an answer holds."""

CLOSE_SHARE = 0.03
"""The largest misfit of S(b) = a + d·b with which candidates may be ranked; beyond, and for what is chosen, solve the chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Affine:
    """S(b) = fixed_s + item_s · b seconds, and how far it is from what it was fitted to, at worst, as a share of it."""

    fixed_s: float
    item_s: float
    misfit_share: float

    @property
    def is_close(self) -> bool:
        """Whether the table may be read with it; else `queueing.latency_percentiles` is needed, with the real batches.

        Percentiles are then off by a tenth at worst: enough to rank, and what wins is computed by the chain.
        """
        return self.misfit_share <= CLOSE_SHARE


def affine(batch_s: Sequence[float]) -> Affine:
    """The line to `batch_s` (seconds for 1, 2, ... items) that meets its full batch, so that the utilization is the same.

    Its slope has the least squares of relative errors, neither part below 0. Percentiles read with it are off the chain with the
    real table by up to about three and a half times the misfit, two thirds of it in the mean: seen of thousands of tables drawn
    as roofs, powers, steps and lines with noise, at loads up to 0.85.
    """
    import numpy as np

    seconds = np.asarray(batch_s, dtype=float)
    full, cap = float(seconds[-1]), len(seconds)
    short = (np.arange(1, cap + 1) - cap) / seconds
    square = float(short @ short)
    slope = float(short @ (1 - full / seconds)) / square if square else 0.0
    item_s = min(max(slope, 0.0), full / cap)
    fixed_s = full - item_s * cap
    line = fixed_s + item_s * np.arange(1, cap + 1)
    return Affine(fixed_s=fixed_s, item_s=item_s, misfit_share=float(np.abs(line / seconds - 1).max()))


def latency_s(rate_per_s: ArrayLike, fixed_s: ArrayLike, item_s: ArrayLike, cap: ArrayLike) -> Vector:
    """Seconds from arrival to the end of service, by candidate and, in the last axis, by PERCENTILES.

    Infinite where the busy share of full batches is beyond NUMERIC_LIMIT. A cap above the largest of CAPS is computed with that
    one: it is seldom reached, and what is computed then is on the safe side. Neither `fixed_s` nor `item_s` may be below 0, nor
    both be 0.
    """
    import numpy as np

    rate, *line = np.broadcast_arrays(rate_per_s, fixed_s, item_s, cap)
    return Queues.of(*line).latency_s(rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queues:
    """Queues to be read at many rates: where each lies in the table, but for its load, is found once.

    `corners` are the four of the table's points around its cap and share, each with its weight; `gain` is what full batches
    gain, and `end` where NUMERIC_LIMIT lies on the loads' axis before it is scaled to 1.
    """

    alone_s: Vector
    load_s: Vector
    gain: Vector
    end: Vector
    corners: Sequence[tuple[Places, Vector]]

    @classmethod
    def of(cls, fixed_s: Vector, item_s: Vector, cap: Vector) -> Queues:
        """As in `latency_s`, all of one shape."""
        import numpy as np

        limit = np.clip(np.asarray(cap, dtype=float), 1, CAPS[-1])
        alone_s, full_s = fixed_s + item_s, fixed_s + item_s * limit
        share, gain = np.log(full_s / alone_s) / np.log(np.maximum(limit, 2)), limit * alone_s / full_s
        return cls(
            alone_s=alone_s,
            load_s=full_s / limit,
            gain=gain,
            end=stretched(NUMERIC_LIMIT, gain),
            corners=tuple(_corners(limit, share)),
        )

    def latency_s(self, rate_per_s: Vector) -> Vector:
        """As the function of that name has it, by queue and PERCENTILES."""
        import numpy as np

        load = rate_per_s * self.load_s
        place = stretched(np.minimum(load, NUMERIC_LIMIT), self.gain) / self.end
        index, part = _between(np.clip(place, 0, 1) * (LOADS - 1), LOADS)
        both = sum(weight[..., None] * _pairs()[corner + index] for corner, weight in self.corners)
        before, after = np.split(both, 2, axis=-1)
        squeezed = before + part[..., None] * (after - before)
        latency: Vector = np.exp(np.maximum(squeezed, 0)) * self.alone_s[..., None]
        return np.where((load <= NUMERIC_LIMIT * (1 + 1e-9))[..., None], latency, np.inf)


def _corners(cap: Vector, share: Vector) -> Iterator[tuple[Places, Vector]]:
    """The row of `_pairs` at which the loads of each of the four points begin, with its weight: linear in the cap's logarithm."""
    import numpy as np

    cap_index, cap_part = _between(np.interp(np.log(cap), np.log(CAPS), np.arange(len(CAPS))), len(CAPS))
    share_index, share_part = _between(share_position(share) * (SHARES - 1), SHARES)
    for next_cap, next_share in product((0, 1), repeat=2):
        weight = (cap_part if next_cap else 1 - cap_part) * (share_part if next_share else 1 - share_part)
        yield ((cap_index + next_cap) * SHARES + share_index + next_share) * LOADS, weight


def _between(along: Vector, size: int) -> tuple[Places, Vector]:
    """The point before a place on an axis of so many points, and how far beyond it the place is."""
    import numpy as np

    first = np.minimum(along.astype(int), size - 2)
    return first, along - first


@cache
def _table() -> Vector:
    """By cap, share, load and percentile."""
    from importlib.resources import files

    import numpy as np

    with files("infractl.placement").joinpath("batch_table.npz").open("rb") as file, np.load(file) as stored:
        result: Vector = stored["cells"] * STEP + LOWEST
        return result


@cache
def _pairs() -> Vector:
    """One row a point, of its cells and then those of the next load: what a reading needs lies side by side."""
    import numpy as np

    table = _table()
    following = np.concatenate([table[:, :, 1:], table[:, :, -1:]], axis=2)
    result: Vector = np.concatenate([table, following], axis=-1).reshape(-1, 2 * table.shape[-1])
    return result
