"""Which shapes are played request by request, and in how many replicas: the few that the table of queues finds likeliest.

Playing a shape takes as long as a thousand readings of the table. So bursty traffic is first looked at as groups of requests that
come together, which the table knows as batches of items, and what needs the fewest replicas then is simulated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from infractl.placement import batch_table
from infractl.placement.bounds import Bounds
from infractl.placement.candidate import Candidate
from infractl.placement.demand import Demand
from infractl.placement.fit import Fit, Trial, best_fit, meets, shared
from infractl.placement.queueing import NUMERIC_LIMIT
from infractl.placement.service_time import End
from infractl.placement.station import DERATING, PERCENTILES
from infractl.placement.station_table import Stations

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

MOST = 3
"""Shapes of an offer that are played."""

GROUP = 0.75
"""The size of a group, as a part of what the gaps' squared coefficient of variation is beyond 1.

Of 111 queues with caps of 1 to 32 and limits of 6 to 40 times a lone request's time, each with the whole of traffic with a
coefficient of 8, a half or a tenth, the largest rate comes out at 1.33 times the simulated one in the median, and 0.54 to 2.45
times at the ends.
"""

SLACK = 1.25
"""So much more may a shape carry than groups say: nine in ten of those queues carried less than they said without it."""


def is_hard(demand: Demand) -> bool:
    """Whether some shape may keep its limits under steady traffic alone."""
    return bool(demand.limits_s) and demand.rate_per_s > 0 and (demand.arrivals.ca2 > 1 or demand.delay_s > 0)


def best(tried: Sequence[Trial], demand: Demand, bounds: Bounds) -> Fit | None:
    """As `fit.best_fit`; where shapes have to be played, the best of the few likeliest."""
    if not is_hard(demand):
        return best_fit(tried, demand, bounds)
    found: Fit | None = None
    for trial, candidate, likely in likeliest(tried, demand, bounds):
        most = min(bounds.most, found.replicas) if found else bounds.most
        made = played_fit(candidate, demand, min(trial.least, likely), most, likely)
        if made and (found is None or made.order < found.order):
            found = made
    return found


def likeliest(tried: Sequence[Trial], demand: Demand, bounds: Bounds) -> Sequence[tuple[Trial, Candidate, int]]:
    """The shapes that are played, the likeliest first, each with the replicas that it is likely to need."""
    open_ = [trial for trial in tried if trial.least <= bounds.most]
    if not open_:
        return ()
    made = [trial.make() for trial in open_]
    rows = Stations.of([candidate.station(End.high) for candidate in made])
    counts = replicas(rows, demand, [trial.least for trial in open_], bounds.most)
    order = sorted(range(len(open_)), key=lambda number: (counts[number], open_[number].complexity))
    return [(open_[number], made[number], int(counts[number])) for number in order[:MOST]]


def nearest(tried: Sequence[Trial], demand: Demand, bounds: Bounds) -> Sequence[Candidate]:
    """Where no shape keeps the demand: the one that comes nearest, or the simplest where bursts are not what is against it."""
    if not is_hard(demand):
        return [tried[0].make()]
    return few([trial.make() for trial in tried], demand, bounds.most, 1)


def few(candidates: Sequence[Candidate], demand: Demand, count: int, most: int = MOST) -> Sequence[Candidate]:
    """Of candidates of which so many replicas are too few: those that come nearest, where all would have to be played."""
    if not is_hard(demand):
        return candidates
    rows = Stations.of([candidate.station(End.high) for candidate in candidates])
    return [candidates[int(number)] for number in _excess(rows, demand, count).argsort(kind="stable")[:most]]


def replicas(rows: Stations, demand: Demand, least: Sequence[int] | Array, most: int) -> Array:
    """How many of each station keep the limits by the table, between `least` and `most`, by bisection."""
    import numpy as np

    low, high = np.asarray(least, dtype=int).copy(), np.full(len(rows.instances), most)
    low = np.minimum(low, high)
    while (low < high).any():
        middle = (low + high) // 2
        kept = _excess(rows, demand, middle) <= 1
        low, high = np.where(kept, low, np.minimum(middle + 1, high)), np.where(kept, middle, high)
    return high


def played_fit(candidate: Candidate, demand: Demand, least: int, most: int, likely: int) -> Fit | None:
    """With the fewest replicas, found from the `likely` number on: down or up in steps that double, then by halves."""

    def keeps(count: int) -> bool:
        return meets(candidate, shared(demand, count))

    count = min(max(least, likely), most)
    low, high = (_down(keeps, count, least), count) if keeps(count) else _up(keeps, count, most)
    if high is None:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if keeps(middle) else (middle, high)
    return Fit(candidate=candidate, replicas=high, demand=shared(demand, high), holds=True)


def _down(keeps: Callable[[int], bool], count: int, least: int) -> int:
    """A number that is too few, from one that is enough."""
    step = 1
    while (fewer := count - step) >= least:
        if not keeps(fewer):
            return fewer
        step *= 2
    return least - 1


def _up(keeps: Callable[[int], bool], count: int, most: int) -> tuple[int, int | None]:
    """A number that is too few, and one that is enough; none where so many as there may be are too few."""
    low, step = count, 1
    while low < most:
        more = min(low + step, most)
        if keeps(more):
            return low, more
        low, step = more, 2 * step
    return low, None


def _excess(rows: Stations, demand: Demand, count: Any) -> Array:
    """The worst latency as a part of its limit, with so many replicas; infinite where the queue does not settle."""
    import numpy as np

    rate = demand.rate_per_s / np.asarray(count, dtype=float) / DERATING
    beyond = demand.arrivals.variability - 1
    loop = _grouped(rate, rows.loop, 1 + GROUP * beyond / count)
    engine = _grouped(rate / rows.instances, rows.engine, 1 + GROUP * beyond / count / rows.instances)
    settles = rate * rows.busy_s <= NUMERIC_LIMIT * (1 + 1e-9)
    limited = [PERCENTILES.index(percentile) for percentile in demand.limits_s]
    excess = ((rows.extra_s + loop + engine)[:, limited] / np.array(list(demand.limits_s.values()))).max(axis=1)
    found: Array = np.where(settles, excess, np.inf)
    return found


def _grouped(rate_per_s: Array, lines: Array, size: Any) -> Array:
    """Groups of `size` requests as the table's items; one that is larger than the cap is served in several full batches."""
    import numpy as np

    fixed, item, cap = lines.T
    several = np.broadcast_to(np.asarray(size, dtype=float), cap.shape)
    fits = several <= cap
    full = (fixed + item * cap) * several / cap
    return batch_table.latency_s(
        rate_per_s / several, np.where(fits, fixed, 0.0), np.where(fits, item * several, full), np.where(fits, cap / several, 1.0)
    )
