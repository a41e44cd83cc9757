"""What would be feasible where a service is not: the figures that relaxing one demand at a time would have to reach."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from infractl.placement.predict import Candidate, Demand
from infractl.placement.service_time import End
from infractl.placement.station import DERATING, PLANNED_SHARE
from infractl.units import format_duration, format_rate


def nearest(candidates: Sequence[Candidate], demand: Demand) -> Iterator[str]:
    """Such as "p99 of 14ms at 2000/s" and "900/s at p99 10ms": each alone, with everything else as declared.

    Where no single one is enough, the highest rate that can be had with the latency that it has.
    """
    relaxed = _latencies(candidates, demand)
    if relaxed:
        yield _latency_text(relaxed, demand.rate_per_s)
    capacity = _capacity(candidates, demand)
    if 0 < capacity < demand.rate_per_s:
        limits = " and ".join(f"p{percentile} {format_duration(limit)}" for percentile, limit in demand.limits_s.items())
        yield format_rate(capacity) + (f" at {limits}" if limits else "")
    elif not relaxed:
        most = replace(demand, peak_per_s=_capacity(candidates, replace(demand, limits_s={})))
        yield _latency_text(_latencies(candidates, most), most.rate_per_s)


def _latency_text(limits_s: Mapping[int, float], rate_per_s: float) -> str:
    limits = " and ".join(f"p{percentile} of {format_duration(limit)}" for percentile, limit in limits_s.items())
    return f"{limits} at {format_rate(rate_per_s)}" if rate_per_s else limits


def _capacity(candidates: Sequence[Candidate], demand: Demand) -> float:
    """The rate that the strongest shape carries within the limits, in the digits that are shown; 0 where none does."""
    most = 0.0
    # The largest shapes first: they are mostly the strongest, and one look at the best rate so far spares the search in others.
    for candidate in reversed(candidates):
        station = candidate.station(End.high)
        if station.rate_at(PLANNED_SHARE) > most and station.holds(most / DERATING, demand.limits_s):
            most = max(most, station.capacity_per_s(demand.limits_s))
    return _round(most, math.floor) if most else 0.0


def _latencies(candidates: Sequence[Candidate], demand: Demand) -> dict[int, float]:
    """The limits to raise, and how far, for the shape that needs it least; none where no shape carries the rate."""
    best: dict[int, float] = {}
    least = math.inf
    for candidate in candidates:
        station = candidate.station(End.high)
        latency_s = station.latency_s(demand.rate_per_s / DERATING)
        if latency_s is None or station.utilization(demand.rate_per_s) > PLANNED_SHARE:
            continue
        needed = {p: _round(latency_s[p], math.ceil) for p, limit in demand.limits_s.items() if latency_s[p] > limit}
        excess = max((limit / demand.limits_s[p] for p, limit in needed.items()), default=1.0)
        if excess < least:
            best, least = needed, excess
    return best


def _round(value: float, to_whole: Callable[[float], int]) -> float:
    """To the three digits that are shown, up or down, so that what is shown is feasible."""
    scale: float = 10.0 ** (math.floor(math.log10(value)) - 2)
    return to_whole(value / scale) * scale
