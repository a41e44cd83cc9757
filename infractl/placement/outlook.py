"""What the table of batching queues says of many machines at once: which shapes may keep a demand, and with how many replicas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from infractl.domain.offer import Offer
from infractl.placement import finalist
from infractl.placement.bounds import MOST, Bounds
from infractl.placement.demand import Demand
from infractl.placement.evaluate import Question
from infractl.placement.service_time import End
from infractl.placement.shape import Shape, shapes
from infractl.placement.shortfall import usable_bytes
from infractl.placement.speed import Speed
from infractl.placement.station import PERCENTILES
from infractl.placement.sweep import Sweep, sweep

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outlook:
    """A machine with a recipe as the table sees it: no fewer than `least` replicas, likely `likely`, and with these its p99.

    By shape, `fewest` and `counts` are the replicas that it needs at least and likely, and `may` says whether it can do at all.
    """

    speed: Speed
    cuts: Sequence[Shape]
    least: int
    likely: int
    p99_s: float
    fewest: Array
    counts: Array
    may: Array

    def rows(self, most: int) -> list[tuple[int, int, int]]:
        """Of each shape that may keep the demand, with at most so many replicas: its least, its likely ones, and its number."""
        numbers = [number for number, may in enumerate(self.may.tolist()) if may]
        return [(int(min(self.fewest[n], MOST)), int(min(self.counts[n], most)), n) for n in numbers]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hopeless:
    """A machine of which no shape can keep the demand: which ones its memory holds, and the replicas they need at least."""

    cuts: Sequence[Shape]
    swept: Sweep
    fits: Array
    fewest: Array


def outlooks(asked: Question, kinds: Sequence[tuple[Offer, Speed]]) -> list[Outlook | Hopeless]:
    """Of each machine, all of them read from the table together."""
    import numpy as np

    if not kinds:
        return []
    demand = Demand.of(asked.service)
    cuts = [shapes(asked.service, asked.profile, offer) for offer, _ in kinds]
    sweeps = [sweep(asked.profile, offer, speed, each, demand.extents) for (offer, speed), each in zip(kinds, cuts, strict=True)]
    several = list({id(each): each for each in sweeps}.values())
    starts = dict(zip(map(id, several), accumulate((len(each.shapes) for each in several), initial=0), strict=False))
    whole = Sweep.together(several)
    most, likely = whole.capacity_per_s(demand.limits_s, demand.rate_per_s)
    if finalist.is_hard(demand):
        most, likely = _played(demand, whole, most, likely)
    sizes = np.array([len(each.shapes) for each in sweeps])
    begins = np.cumsum(sizes) - sizes
    # One row for every machine's every shape.
    rows = np.arange(sizes.sum()) + np.repeat([starts[id(each)] for each in sweeps] - begins, sizes)
    bounds = [Bounds.of(asked.service, offer) for offer, _ in kinds]
    fits = whole.memory_bytes[rows] <= np.repeat([usable_bytes(offer) for offer, _ in kinds], sizes)
    fewest = np.maximum(np.repeat([b.least for b in bounds], sizes), _replicas(demand.rate_per_s, most[rows]))
    may = fits & (most[rows] > 0) & (fewest <= np.repeat([b.most for b in bounds], sizes))
    counts = np.maximum(fewest, _replicas(demand.rate_per_s, likely[rows]))
    least, some, best = _best(may, fewest, counts, begins)
    replicas = [max(1, int(min(count, each.most))) for count, each in zip(some, bounds, strict=True)]
    p99_s = _loaded_s(whole, rows[best], demand.rate_per_s / np.array(replicas, float))

    def made(number: int, part: slice) -> Outlook | Hopeless:
        if least[number] == np.inf:
            return Hopeless(cuts=cuts[number], swept=sweeps[number], fits=fits[part], fewest=fewest[part])
        return Outlook(
            speed=kinds[number][1],
            cuts=cuts[number],
            least=int(least[number]),
            likely=replicas[number],
            p99_s=p99_s[number],
            fewest=fewest[part],
            counts=counts[part],
            may=may[part],
        )

    ends = (begins + sizes).tolist()
    return [made(number, slice(*part)) for number, part in enumerate(zip(begins.tolist(), ends, strict=True))]


def _best(may: Array, fewest: Array, counts: Array, begins: Array) -> tuple[list[float], list[float], Array]:
    """Of each machine's shapes, which begin at `begins`: the least replicas, the fewest likely ones, and the row of those."""
    import numpy as np

    least = np.minimum.reduceat(np.where(may, fewest, np.inf), begins)
    some = np.minimum.reduceat(np.where(may, counts, np.inf), begins)
    sizes = np.diff(begins, append=len(may))
    # Of as many the simplest, which comes first.
    is_best = may & (counts == np.repeat(some, sizes))
    best = np.minimum.reduceat(np.where(is_best, np.arange(len(may)), len(may) - 1), begins)
    return least.tolist(), some.tolist(), best


def _loaded_s(whole: Sweep, rows: Array, rate_per_s: Array) -> list[float]:
    """The p99 of each of the rows at its rate; where its queue does not settle there, alone."""
    import numpy as np

    p99 = PERCENTILES.index(99)
    loaded_s = whole.slow.rows(rows).latency_s(rate_per_s)[:, p99]
    found: list[float] = np.where(np.isfinite(loaded_s), loaded_s, whole.alone_s[End.high][rows, p99]).tolist()
    return found


def _played(demand: Demand, whole: Sweep, most: Array, likely: Array) -> tuple[Array, Array]:
    """What one replica carries of traffic in bursts, at most and likely. The most is no bound: it has the slack that it has."""
    import numpy as np

    rate = demand.rate_per_s
    least = np.clip(np.ceil(rate / np.maximum(most, 1e-300) - 1e-9), 1, MOST).astype(int)
    each = rate / finalist.replicas(whole.slow, demand, least, MOST)
    return np.minimum(most, finalist.SLACK * each), np.minimum(likely, each)


def _replicas(rate_per_s: float, capacity_per_s: Array) -> Array:
    import numpy as np

    found: Array = np.ceil(rate_per_s / np.maximum(capacity_per_s, 1e-300) - 1e-9)
    return found
