"""How many replicas a rate needs, how many stand there in the mean, and how many keep a promise of availability.

Traffic is split over replicas at random, as most load balancers nearly do: each is a queue of its own with Poisson arrivals at
its part of the rate. One queue for all would do better, so this is the safe side.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from infractl.placement.week import Curve

LEAST_AVAILABLE = 2
"""Replicas of a service that promises availability: one alone is away whenever it is replaced."""

REPLICA_SHARE = 0.999
ZONE_SHARE = 0.9995
"""The shares of time in which a replica, and a zone, answer. Estimated, where nobody states better ones."""

_MOST = 10_000


def needed(rate_per_s: float, capacity_per_s: float, growth: float = 0.0, least: int = 1) -> int:
    """Replicas for a rate that may grow by `growth` before more are there; `capacity_per_s` is what one may be planned for.

    Raises ValueError where nothing can be planned for a replica.
    """
    if rate_per_s > 0 and capacity_per_s <= 0:
        raise ValueError("a replica without capacity serves no traffic")
    if not math.isfinite(growth):
        raise ValueError("traffic that comes after none has no headroom: keep replicas for its peak")
    # A rate that is a whole number of capacities must not need one more for how it was rounded.
    return max(least, math.ceil(rate_per_s * (1 + growth) / capacity_per_s - 1e-9)) if rate_per_s > 0 else least


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Replicas while the least traffic comes, in the mean over time, and while the most does."""

    floor: int
    expected: float
    ceiling: int


def fleet(
    curve: Curve, peak_per_s: float, capacity_per_s: float, growth: float = 0.0, least: int = 1, most: int | None = None
) -> Fleet:
    """What an autoscaler keeps over `curve`, between `least` and `most`; without one all stand there all the time."""
    counts = [needed(s.factor * peak_per_s, capacity_per_s, growth, least) for s in curve]
    if most is not None:
        counts = [min(count, max(most, least)) for count in counts]
    seconds = sum(s.seconds for s in curve)
    expected = sum(count * s.seconds for count, s in zip(counts, curve, strict=True)) / seconds
    return Fleet(floor=min(counts), expected=expected, ceiling=max(counts))


def available_share(
    replicas: int, needed: int, replica_share: float = REPLICA_SHARE, zones: int = 1, zone_share: float = ZONE_SHARE
) -> float:
    """The share of time in which at least `needed` of the replicas answer, which are spread evenly over the zones.

    Replicas fail independently of each other, and with their zone: P(up >= needed) is the mean over the zones that are up of
    a binomial tail. With a single zone its own failures count as well.
    """
    in_zone = [replicas // zones + (zone < replicas % zones) for zone in range(zones)]
    share = 0.0
    for up in product((True, False), repeat=zones):
        standing = sum(count for count, is_up in zip(in_zone, up, strict=True) if is_up)
        likely = math.prod(zone_share if is_up else 1 - zone_share for is_up in up)
        share += likely * at_least(standing, needed, replica_share)
    return share


def available_replicas(
    needed: int, promised: float, replica_share: float = REPLICA_SHARE, zones: int = 1, zone_share: float = ZONE_SHARE
) -> int | None:
    """The fewest replicas of which `needed` answer for the promised share of time; None where no number keeps that.

    At least LEAST_AVAILABLE. No number of replicas outlives the failure of all zones.
    """
    if promised > 1 - (1 - zone_share) ** zones:
        return None
    counts: Iterator[int] = iter(range(max(LEAST_AVAILABLE, needed), _MOST))
    return next((n for n in counts if available_share(n, needed, replica_share, zones, zone_share) >= promised), None)


def at_least(trials: int, successes: int, share: float) -> float:
    """P(Binomial(trials, share) >= successes)."""
    if successes <= 0:
        return 1.0
    if successes > trials or share <= 0:
        return 0.0
    if share >= 1:
        return 1.0
    logs = (
        math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1) + k * math.log(share)
        + (trials - k) * math.log1p(-share)
        for k in range(successes, trials + 1)
    )  # fmt: skip
    return min(1.0, math.fsum(map(math.exp, logs)))
