"""How many replicas of a shape the traffic needs, and whether they keep what is asked."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from infractl.placement import played
from infractl.placement.bounds import Bounds
from infractl.placement.candidate import Candidate
from infractl.placement.demand import Demand
from infractl.placement.measured import seen
from infractl.placement.predict import predict
from infractl.placement.service_time import End, gaps
from infractl.placement.station import DERATING, PLANNED_SHARE

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A shape in so many replicas. Traffic is split over them at random: `demand` is what each is asked for."""

    candidate: Candidate
    replicas: int
    demand: Demand
    holds: bool

    @property
    def order(self) -> tuple[int, tuple[int, int, int]]:
        """Ascending from what costs least to what costs most, and then from simple to complex."""
        return (self.replicas, self.candidate.shape.complexity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A shape that may be tried: with at least so many replicas, likely with as many; `make` builds what is looked at then."""

    least: int
    likely: int
    complexity: tuple[int, int, int]
    make: Callable[[], Candidate]


def trials(candidates: Iterable[Candidate], demand: Demand, bounds: Bounds) -> list[Trial]:
    """Of candidates of which nothing is known but their busy shares."""
    found = []
    for candidate in candidates:
        least = fewest(candidate, demand, bounds)
        found.append(Trial(least=least, likely=least, complexity=candidate.shape.complexity, make=lambda c=candidate: c))  # type: ignore[misc]
    return found


def best_fit(tried: Iterable[Trial], demand: Demand, bounds: Bounds) -> Fit | None:
    """Of the shapes that keep the demand, the one with the fewest replicas, then the simplest; None where none does.

    Exact, though not every shape is looked at: none needs fewer replicas than the least of its trial.
    """
    best: Fit | None = None
    for trial in sorted(tried, key=lambda each: (each.least, each.complexity)):
        if best and (trial.least, trial.complexity) > best.order:
            break
        most = min(bounds.most, best.replicas) if best else bounds.most
        found = fit(trial.make(), demand, trial.least, most, trial.likely) if trial.least <= most else None
        if found and (best is None or found.order < best.order):
            best = found
    return best


def fit(candidate: Candidate, demand: Demand, least: int, most: int, likely: int = 0) -> Fit | None:
    """With the fewest replicas, between `least` and `most`, that keep the demand; None where so many do not.

    More replicas keep whatever fewer do: from the `likely` number on they are tried one by one, down or up.
    """
    count = min(max(least, likely), most)
    if meets(candidate, shared(demand, count)):
        while count > least and meets(candidate, shared(demand, count - 1)):
            count -= 1
        return Fit(candidate=candidate, replicas=count, demand=shared(demand, count), holds=True)
    for more in _counts(candidate, demand, count, most):
        if meets(candidate, shared(demand, more)):
            return Fit(candidate=candidate, replicas=more, demand=shared(demand, more), holds=True)
    return None


def nearest_fit(candidates: Iterable[Candidate], demand: Demand, bounds: Bounds) -> Fit:
    """Of shapes of which none was found to keep the demand, the one that comes nearest, with as many replicas as there may be.

    Where nobody set a most, so many that they are hardly busy: it is not for lack of them. Where only the likeliest shapes were
    played, it may keep the demand after all: then with the fewest replicas.
    """
    tried = [(c, enough(c, demand, bounds)) for c in candidates]
    candidate, count = min(tried, key=lambda each: _excess(each[0], shared(demand, each[1])))
    holds = meets(candidate, shared(demand, count))
    least = bounds.least if holds else count
    while least < count:
        middle = (least + count) // 2
        least, count = (least, middle) if meets(candidate, shared(demand, middle)) else (middle + 1, count)
    return Fit(candidate=candidate, replicas=count, demand=shared(demand, count), holds=holds)


def shared(demand: Demand, replicas: int) -> Demand:
    """Of one of so many replicas."""
    return demand.among(replicas)


def meets(candidate: Candidate, demand: Demand) -> bool:
    """Whether it was measured to keep the limits.

    What was not measured must keep them by the slowest that is likely, with room for more traffic than is declared; of a model
    that is costed in part nothing is likely.
    """
    was_kept = kept(candidate, demand)
    return would_keep(candidate, demand, End.high) if was_kept is None else was_kept


def would_keep(candidate: Candidate, demand: Demand, end: End) -> bool:
    """Whether it keeps the limits as it is computed to be at this end, with the room that a plan needs.

    Figures of a noisy machine may contradict each other: what is to be kept at the slow end settles at each.
    """
    if unknown(candidate, demand):
        return False
    station, rate = candidate.station(end), demand.rate_per_s
    ends = End if end is End.high else (end,)
    busy = max(candidate.station(each).utilization(rate) for each in ends)
    return busy <= PLANNED_SHARE and station.holds(rate / DERATING, demand.limits_s) and played.keeps(candidate, demand, end)


def kept(candidate: Candidate, demand: Demand) -> bool | None:
    """What was measured says, as far as a prediction can be made with it."""
    said = seen(candidate, demand).keeps(demand)
    return None if said and predict(candidate, demand) is None else said


def unknown(candidate: Candidate, demand: Demand) -> tuple[str, ...]:
    """What no SLO can be promised without."""
    return gaps(candidate.profile, candidate.extents) if demand.promised else ()


def fewest(candidate: Candidate, demand: Demand, bounds: Bounds) -> int:
    """No fewer can do, by their busy share alone: of what was measured nobody knows before it is looked at."""
    if candidate.measurements or not demand.rate_per_s:
        return bounds.least
    return max(bounds.least, _whole(demand.rate_per_s / candidate.station(End.high).rate_at(PLANNED_SHARE)))


def _counts(candidate: Candidate, demand: Demand, least: int, most: int) -> Iterable[int]:
    """More than `least`, which are not enough: what the limits ask for."""
    if most <= least:
        return
    capacity = candidate.station(End.high).capacity_per_s(demand.limits_s)
    if capacity <= 0:
        return
    needed = _whole(demand.rate_per_s / capacity)
    # The capacity is found by halving, a little on the safe side.
    yield from sorted({n for n in (needed - 1, needed, needed + 1) if least < n <= most})


def enough(candidate: Candidate, demand: Demand, bounds: Bounds) -> int:
    if bounds.is_limited or not demand.rate_per_s:
        return max(1, min(bounds.least, bounds.most)) if not demand.rate_per_s else bounds.most
    return max(bounds.least, _whole(10 * demand.rate_per_s / candidate.station(End.high).rate_at(PLANNED_SHARE)))


def _excess(candidate: Candidate, demand: Demand) -> tuple[float, float]:
    """How far it is beyond the limits, as it was measured or else by the slowest that is likely: worst latency, busy share."""
    station = candidate.station(End.high)
    computed_s = station.latency_s(demand.rate_per_s / DERATING) or {}
    latency_s = {**computed_s, **{p: figure.value for p, figure in seen(candidate, demand).latency_s.items()}}
    excesses = (latency_s.get(p, float("inf")) / limit for p, limit in demand.limits_s.items())
    settled = 0.0 if latency_s else float("inf")
    return (max(excesses, default=settled), station.utilization(demand.rate_per_s))


def _whole(count: float) -> int:
    """A rate that is a whole number of capacities needs no more for how it was rounded."""
    return max(1, math.ceil(count - _ROUNDING))
