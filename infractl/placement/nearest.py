"""What would be feasible where a service is not: the figures that relaxing one demand at a time would have to reach."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from infractl.domain.figure import Figure
from infractl.domain.placement import Nearest, Relaxed, Violation
from infractl.placement import finalist, played
from infractl.placement.candidate import Candidate
from infractl.placement.demand import Demand
from infractl.placement.fit import shared
from infractl.placement.measured import seen
from infractl.placement.predict import figure
from infractl.placement.service_time import End
from infractl.placement.simulate import REQUESTS
from infractl.placement.station import DERATING, PLANNED_SHARE
from infractl.units import Money, format_duration, format_rate


def nearest(candidates: Sequence[Candidate], whole: Demand, replicas: int = 1) -> Iterator[Nearest]:
    """Such as "p99 of 14ms at 2000/s" and "900/s at p99 10ms": each alone, with everything else as declared.

    `replicas` are as many as there may be, or, where nobody set a most, as many as are enough.

    Where no single one is enough, the highest rate that can be had with the latency that it has. Of shapes that were measured to
    fall short what was measured counts, and nothing that is computed.
    """
    demand = shared(whole, replicas)
    candidates = finalist.few(candidates, whole, replicas)
    limits_s = _latencies(candidates, demand)
    if limits_s:
        rate = format_rate(whole.rate_per_s) if whole.rate_per_s else ""
        yield Nearest(relaxed=_relaxed(candidates[0], demand, limits_s, None), at=rate)
    capacity = _capacity(candidates, demand, replicas)
    if 0 < capacity < whole.rate_per_s:
        limits = " and ".join(f"p{percentile} {format_duration(limit)}" for percentile, limit in demand.limits_s.items())
        yield Nearest(relaxed=_relaxed(candidates[0], demand, {}, capacity), at=limits)
    elif not limits_s and (most := _capacity(candidates, replace(demand, limits_s={}), replicas)):
        of_each = replace(demand, peak_per_s=most / replicas)
        yield Nearest(relaxed=_relaxed(candidates[0], demand, _latencies(candidates, of_each), most))


def _relaxed(
    candidate: Candidate, demand: Demand, limits_s: Mapping[int, float], rate_per_s: float | None
) -> tuple[Relaxed, ...]:
    """The demands to declare anew, with the provenance of what they were computed from; None leaves the rate as declared."""

    def exactly(value: float, unit: str) -> Figure:
        return figure(candidate, demand, dict.fromkeys(End, value), unit)

    limits = [Relaxed(field=f"slo.latency.p{p}", to=exactly(limit, "s")) for p, limit in limits_s.items()]
    rates = [] if rate_per_s is None else [Relaxed(field=demand.rate_field, to=exactly(rate_per_s, "1/s"))]
    return (*limits, *rates)


def _capacity(candidates: Sequence[Candidate], demand: Demand, replicas: int) -> float:
    """The rate that so many of the strongest shape carry within the limits, in the digits that are shown; 0 where none does."""
    most = 0.0
    # The largest shapes first: they are mostly the strongest, and one look at the best rate so far spares the search in others.
    for candidate in (c for c in reversed(candidates) if seen(c, demand).keeps(demand) is not False):
        station = candidate.station(End.high)
        if station.rate_at(PLANNED_SHARE) > most and station.holds(most / DERATING, demand.limits_s):
            most = max(most, played.capacity_per_s(candidate, demand, End.high, REQUESTS))
    return _round(replicas * most, math.floor) if most else 0.0


def _latencies(candidates: Sequence[Candidate], demand: Demand) -> dict[int, float]:
    """The limits to raise, and how far, for the shape that needs it least; none where no shape carries the rate."""
    best: dict[int, float] = {}
    least = math.inf
    for candidate in candidates:
        latency_s = _latency_s(candidate, demand)
        if latency_s is None:
            continue
        needed = {p: _round(latency_s[p], math.ceil) for p, limit in demand.limits_s.items() if latency_s[p] > limit}
        excess = max((limit / demand.limits_s[p] for p, limit in needed.items()), default=1.0)
        if excess < least:
            best, least = needed, excess
    return best


def _latency_s(candidate: Candidate, demand: Demand) -> Mapping[int, float] | None:
    """What it surely keeps, by percentile; None where it does not carry the rate, or that was measured in part."""
    known = seen(candidate, demand)
    if known.keeps(demand) is False:
        short = known.rate is not None and not known.rate.kept
        whole = demand.limits_s.keys() <= known.latency_s.keys()
        return {p: figure.high for p, figure in known.latency_s.items()} if whole and not short else None
    station = candidate.station(End.high)
    if station.utilization(demand.rate_per_s) > PLANNED_SHARE:
        return None
    if played.is_harder(candidate, demand):
        found = played.latency(candidate, demand, End.high, demand.rate_per_s / DERATING)
        return {percentile: interval.high for percentile, interval in found.items()} if found else None
    return station.latency_s(demand.rate_per_s / DERATING)


def _round(value: float, to_whole: Callable[[float], int]) -> float:
    """To the three digits that are shown, up or down, so that what is shown is feasible."""
    scale: float = 10.0 ** (math.floor(math.log10(value)) - 2)
    return to_whole(value / scale) * scale


def excess(violation: Violation) -> float:
    """How many times too much there is, or too little; infinite where it is no number."""
    need, have = violation.need, violation.have
    if isinstance(need, Money) and isinstance(have, Money) and need.currency == have.currency and need.amount:
        return float(have.amount / need.amount)
    if isinstance(need, Figure) and isinstance(have, Figure):
        if need.unit in ("1/s", "B", "replicas"):
            return need.value / have.low if have.low > 0 else float("inf")
        return have.high / need.value if need.value > 0 else float("inf")
    return float("inf")
