"""What a shape gives where no chain says it: traffic in bursts and batches that wait, played request by request.

Every shape is played the same traffic: see `arrivals.unit_arrivals`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from infractl.placement.arrivals import Arrivals
from infractl.placement.candidate import Candidate
from infractl.placement.demand import Demand
from infractl.placement.queueing import NUMERIC_LIMIT, Queue, latency_percentiles
from infractl.placement.service_time import End
from infractl.placement.simulate import REQUESTS, Batching, Interval, simulate
from infractl.placement.station import DERATING, PERCENTILES
from infractl.units import format_duration

FEW = REQUESTS // 4
"""Requests that are played first: what surely fails is known by then. The largest rate is searched with as many."""

_LONE = 0.01
"""Requests that come within a batch's delay; where they are fewer, waiting for them is all that the delay does."""

_STEPS = 5


def is_played(candidate: Candidate, demand: Demand) -> bool:
    """Whether latencies are those of a simulation. Without traffic nothing comes in bursts, and nothing fills a batch."""
    return demand.rate_per_s > 0 and (not demand.arrivals.is_poisson or _gathers(candidate, demand))


def is_harder(candidate: Candidate, demand: Demand) -> bool:
    """Whether what the chain keeps may be missed: in pauses a queue runs empty, which is easier than steady traffic."""
    return demand.rate_per_s > 0 and (demand.arrivals.ca2 > 1 or _gathers(candidate, demand))


def latency(
    candidate: Candidate, demand: Demand, end: End, rate_per_s: float | None = None, requests: int = REQUESTS
) -> Mapping[int, Interval] | None:
    """Seconds by percentile for one replica, at the demanded rate or another; None where the queue does not settle.

    As `Station` does it, the percentiles of the server loop's queue and of the instance's are added.
    """
    rate = demand.rate_per_s if rate_per_s is None else rate_per_s
    station = candidate.station(end)
    if station.utilization(rate) > NUMERIC_LIMIT:
        return None
    loop = _played(Batching(batch_s=station.loop_s), rate, demand.arrivals, requests)
    batching = Batching(batch_s=station.batch_s, delay_s=candidate.delay_s if station.batch_s[1:] else 0.0)
    engine = _played(batching, rate / station.instances, demand.arrivals.among(station.instances), requests)
    # The delay is played, and counted there.
    counted_s = 0.0 if end is End.low or not batching.delay_s else candidate.delay_s
    alone_s = {p: max(0.0, station.extra_s[p] - counted_s) - station.loop_s[0] for p in PERCENTILES}
    return {p: _sum(alone_s[p], loop[p], engine[p]) for p in PERCENTILES}


def keeps(candidate: Candidate, demand: Demand, end: End) -> bool:
    """Whether the limits are kept by the slow end of what chance leaves open, with the room that a plan needs.

    True where only the chain has to be asked.
    """
    if not demand.limits_s or not is_harder(candidate, demand):
        return True
    return _holds(candidate, demand, end, demand.rate_per_s / DERATING)


def capacity_per_s(candidate: Candidate, demand: Demand, end: End, requests: int = FEW) -> float:
    """The largest rate to plan for, as `Station.capacity_per_s` has it for steady traffic, which it never exceeds."""
    station = candidate.station(end)
    most = station.capacity_per_s(demand.limits_s)
    if not demand.limits_s or not is_harder(candidate, demand) or not most:
        return most
    low = min(demand.rate_per_s, most) if keeps(candidate, demand, end) else 0.0
    high = most
    if low >= high or _within(candidate, demand, end, high / DERATING, requests):
        return high
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(candidate, demand, end, middle / DERATING, requests) else (low, middle)
    return low


def told(candidate: Candidate, demand: Demand, latency_s: Interval) -> str:
    """How a figure came to be: what was played, and by how much chance may have it off (a 95% interval)."""
    by_chance = (latency_s.high - latency_s.low) / 2 / latency_s.value
    return f"simulated, {traffic(candidate, demand)}, ± {100 * by_chance:.2g}%"


def traffic(candidate: Candidate, demand: Demand) -> str:
    """What is played, in words."""
    arrivals, parts = demand.arrivals, []
    if arrivals.ca2 != 1:
        parts.append(f"bursty arrivals with a squared coefficient of variation of {arrivals.ca2:g}")
    if arrivals.on_share < 1:
        parts.append(f"some {arrivals.burst:g} requests at a time and pauses between")
    if _gathers(candidate, demand):
        parts.append(f"batches that wait {format_duration(candidate.delay_s)}")
    return " and ".join(parts)


def _gathers(candidate: Candidate, demand: Demand) -> bool:
    """Whether others come while a batch waits for them."""
    together = candidate.shape.batch // candidate.items > 1
    return together and candidate.delay_s * demand.rate_per_s / candidate.shape.instances > _LONE


def _holds(candidate: Candidate, demand: Demand, end: End, rate_per_s: float) -> bool:
    few = latency(candidate, demand, end, rate_per_s, FEW)
    if few is None or any(few[percentile].low > limit_s for percentile, limit_s in demand.limits_s.items()):
        return False
    found = latency(candidate, demand, end, rate_per_s)
    return found is not None and all(found[percentile].high <= limit_s for percentile, limit_s in demand.limits_s.items())


def _within(candidate: Candidate, demand: Demand, end: End, rate_per_s: float, requests: int) -> bool:
    """By the end of the interval that goes with the end of what is known."""
    found = latency(candidate, demand, end, rate_per_s, requests)
    return found is not None and all(of_end(found[p], end) <= limit_s for p, limit_s in demand.limits_s.items())


def of_end(interval: Interval, end: End) -> float:
    """The interval's end that goes with an end of what is known."""
    match end:
        case End.low:
            return interval.low
        case End.expected:
            return interval.value
        case _:
            return interval.high


def _sum(alone_s: float, one: Interval, other: Interval) -> Interval:
    return Interval(
        value=alone_s + one.value + other.value, low=alone_s + one.low + other.low, high=alone_s + one.high + other.high
    )


@lru_cache(maxsize=4096)
def _played(batching: Batching, rate_per_s: float, arrivals: Arrivals, requests: int) -> Mapping[int, Interval]:
    if arrivals.is_poisson and not batching.delay_s:
        exact = latency_percentiles(Queue(rate_per_s=rate_per_s, batch_s=batching.batch_s), PERCENTILES)
        return {p: Interval(value=s, low=s, high=s) for p, s in zip(PERCENTILES, exact, strict=True)}
    return simulate(batching, rate_per_s, arrivals, requests)
