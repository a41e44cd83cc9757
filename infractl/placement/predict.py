"""What a shape gives at a load: latency, capacity, memory, each with its low and high end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite

from infractl.domain.figure import Basis, Figure
from infractl.domain.placement import Prediction
from infractl.placement import played
from infractl.placement.batch_table import CLOSE_SHARE
from infractl.placement.candidate import Candidate
from infractl.placement.demand import Demand
from infractl.placement.measured import seen
from infractl.placement.service_time import End, gaps
from infractl.placement.station import PERCENTILES
from infractl.placement.station_table import Stations
from infractl.units import format_duration

GUESSED_FACTOR = 100.0
GUESSED_S = 0.1
"""How slow a model may be of which only a floor is known: so many times the floor, and at least so long. Shown as a guess.

What is missing bounds nothing: a convolution may take any number of operations for each byte that it reads.
"""


def predict(candidate: Candidate, demand: Demand) -> Prediction | None:
    """The prediction at the demanded rate: what was measured of it, and the rest computed.

    None where the queue does not settle at every end of what is known, and its latency was not measured either.
    """
    known = seen(candidate, demand)
    latency_s = {**_computed_s(candidate, demand, tuple(End)), **known.latency_s}
    if known.keeps(demand) and len(latency_s) < len(PERCENTILES):
        # It was measured to do well at this rate: the slowest that is likely is not.
        latency_s = {**_computed_s(candidate, demand, (End.low, End.expected)), **known.latency_s}
    if any(percentile not in latency_s for percentile in PERCENTILES):
        return None
    return Prediction(
        rate_per_s=demand.rate_per_s,
        latency_s={percentile: latency_s[percentile] for percentile in PERCENTILES},
        capacity_per_s=known.capacity_per_s or _computed_capacity(candidate, demand),
        memory_bytes=candidate.memory_bytes,
        utilization=candidate.station(End.expected).utilization(demand.rate_per_s),
    )


def _computed_s(candidate: Candidate, demand: Demand, ends: Sequence[End]) -> Mapping[int, Figure]:
    """Nothing where the queue does not settle at one of the ends.

    Where a part of the model is not costed, what is computed is a floor, and its far end a guess.
    """
    if played.is_played(candidate, demand):
        return played_s(candidate, demand, ends)
    latencies_s = _at_ends(candidate, demand.rate_per_s, ends)
    settled = {end: latency_s for end, latency_s in latencies_s.items() if latency_s is not None}
    if len(settled) < len(ends):
        return {}
    found = {p: figure(candidate, demand, {end: settled[end][p] for end in ends}, "s") for p in PERCENTILES}
    return {p: _from_floor(f) for p, f in found.items()} if _open(candidate) else found


def played_s(candidate: Candidate, demand: Demand, ends: Sequence[End]) -> Mapping[int, Figure]:
    """As `_computed_s`: what is not known well and what chance leaves open in one interval."""
    intervals = {end: played.latency(candidate, demand, end) for end in ends}
    settled = {end: each for end, each in intervals.items() if each is not None}
    if len(settled) < len(ends):
        return {}
    found = {}
    for p in PERCENTILES:
        each = figure(candidate, demand, {end: played.of_end(settled[end][p], end) for end in ends}, "s")
        source = f"{played.told(candidate, demand, settled[End.expected][p])}; {each.source}"
        found[p] = replace(each, source=source)
    return {p: _from_floor(f) for p, f in found.items()} if _open(candidate) else found


def _at_ends(candidate: Candidate, rate_per_s: float, ends: Sequence[End]) -> Mapping[End, Mapping[int, float] | None]:
    """By the chain, or by its table where that is as good: a data sheet is farther off than any table."""
    if rows := _by_table(candidate, ends):
        found = rows.latency_s(rate_per_s)
        return {
            end: dict(zip(PERCENTILES, map(float, seconds), strict=True)) if isfinite(seconds[0]) else None
            for end, seconds in zip(ends, found, strict=True)
        }
    return {end: candidate.station(end).latency_s(rate_per_s) for end in ends}


def _by_table(candidate: Candidate, ends: Sequence[End]) -> Stations | None:
    if candidate.speed.sheet is None or candidate.correction.source:
        return None
    rows = Stations.of([candidate.station(end) for end in ends])
    return rows if rows.misfit_share.max() <= CLOSE_SHARE else None


def _computed_capacity(candidate: Candidate, demand: Demand) -> Figure:
    ends = tuple(End)
    if played.is_harder(candidate, demand):
        capacities = {end: played.capacity_per_s(candidate, demand, end) for end in ends}
    elif rows := _by_table(candidate, ends):
        capacities = dict(zip(ends, map(float, rows.capacity_per_s(demand.limits_s)), strict=True))
    else:
        capacities = {end: candidate.station(end).capacity_per_s(demand.limits_s) for end in ends}
    found = figure(candidate, demand, capacities, "1/s")
    return _from_ceiling(found) if _open(candidate) else found


def _open(candidate: Candidate) -> tuple[str, ...]:
    return gaps(candidate.profile, candidate.extents)


def figure(candidate: Candidate, demand: Demand, ends: Mapping[End, float], unit: str) -> Figure:
    """What was computed at each end of what is known, as one figure with the provenance of the candidate's speed.

    No calibration vouches for a model that is costed in part: that is an estimate.
    """
    without = _open(candidate)
    return Figure(
        value=ends[End.expected],
        unit=unit,
        low=min(ends.values()),
        high=max(ends.values()),
        basis=Basis.estimated if without else candidate.speed.basis,
        source=_source(candidate, demand, without),
    )


def _from_floor(latency: Figure) -> Figure:
    return replace(latency, high=max(GUESSED_FACTOR * latency.high, GUESSED_S))


def _from_ceiling(capacity: Figure) -> Figure:
    return replace(capacity, low=min(capacity.low / GUESSED_FACTOR, 1 / GUESSED_S))


def _source(candidate: Candidate, demand: Demand, without: Sequence[str]) -> str:
    parts = [f"roofline and queue on {candidate.speed.source}"]
    if candidate.correction.source:
        parts.append(f"scaled by {candidate.correction.source}")
    if demand.peak_per_s is None:
        parts.append("idle, because no traffic is declared")
    if without:
        slow = f"{GUESSED_FACTOR:g} times the time of the rest, and at least {format_duration(GUESSED_S)}"
        parts.append(f"a floor without {', '.join(without)}, whose slow end is a guess: {slow}")
    return "; ".join(parts)
