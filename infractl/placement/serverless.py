"""What is paid by the call: how often a request starts cold, what that does to latency, and how much is used. No price."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from statistics import NormalDist
from typing import NamedTuple

PERCENTILES = (50, 95, 99)

TRUSTED_RATE_PER_S = 0.3
"""Up to here `cold_share` was within 10% of a simulation of ordered reuse (with one exception of 17%); above it is too low: by
31% at 1/s, and several times where it is below 0.06% anyway."""

_NEGLIGIBLE = 1e-12
_NEWTON_STEPS = 60


@lru_cache(maxsize=1024)
def cold_share(rate_per_s: float, service_s: float, keep_alive_s: float) -> float:
    """The share of requests that find no started instance free and start one; `keep_alive_s` is how long an idle one stays.

    Poisson arrivals, each served by the first free one of instances in a fixed order. The k-th gets what overflows those before
    it, rate_k = rate · ErlangB(k - 1, rate · service_s), and the share exp(-rate_k · keep_alive_s) of its requests comes after a
    pause that it did not survive, as if what overflows were Poisson as well. It is burstier, so that this is too low where
    many run at once: see TRUSTED_RATE_PER_S. With nobody there to keep anything alive every request is cold.
    """
    if rate_per_s <= 0:
        return 1.0
    offered, share, level = rate_per_s * service_s, 0.0, 0
    reaches = 1.0
    while reaches > _NEGLIGIBLE:
        level += 1
        beyond = reaches * _blocked_further(level, offered, reaches)
        share += (reaches - beyond) * math.exp(-rate_per_s * reaches * keep_alive_s)
        reaches = beyond
    return share


def _blocked_further(servers: int, offered: float, blocked: float) -> float:
    """ErlangB(servers) as a part of `blocked`, which is ErlangB(servers - 1)."""
    return offered / (servers + offered * blocked)


def busy(rate_per_s: float, service_s: float, percentile: float = 99.0) -> int:
    """How many run at once, at a moment of the given percentile: Poisson, as the number in service with nobody waiting is."""
    offered = rate_per_s * service_s
    # Beyond this many erlang the smallest probabilities are no numbers any more, and the distribution is as good as normal.
    if offered > 500:
        return math.ceil(NormalDist(offered, math.sqrt(offered)).inv_cdf(percentile / 100))
    count, probability = 0, math.exp(-offered)
    below = probability
    while below < percentile / 100:
        count += 1
        probability *= offered / count
        below += probability
    return count


def latency_s(warm_s: Mapping[int, float], cold: float, start_s: float) -> Mapping[int, float]:
    """Percentiles of F = (1 - cold) · F_warm + cold · F_warm(t - start_s): a p99 is a cold start's as soon as 1% are cold.

    `warm_s` has the warm latency by percentile, in seconds. Between and beyond its percentiles the share of the slower ones falls
    exponentially; below its lowest nothing is taken to be faster, which is on the safe side.
    """
    return _mixed(tuple(sorted(warm_s.items())), cold, start_s)


@lru_cache(maxsize=1024)
def _mixed(known: Sequence[tuple[int, float]], cold: float, start_s: float) -> Mapping[int, float]:
    """Kept: the same function is offered in many regions."""
    warm = _falls(known)
    # Before a cold start has ended, every cold request is slower.
    colds = [warm[0], *(fall._replace(begins_s=fall.begins_s + start_s) for fall in warm[1:])]
    knots = sorted({fall.begins_s for fall in (*warm, *colds)})
    mixed = [(_from(warm, knot_s).part(1 - cold), _from(colds, knot_s).part(cold)) for knot_s in knots]
    return {percentile: _reached(mixed, (1 - percentile / 100) * (1 + 1e-9)) for percentile in PERCENTILES}


class _Fall(NamedTuple):
    """From `begins_s` on the share of slower requests is `share`, falling exponentially by `rate` a second."""

    begins_s: float
    share: float
    rate: float

    def at(self, seconds: float) -> float:
        return self.share * math.exp(-self.rate * (seconds - self.begins_s))

    def part(self, share: float) -> _Fall:
        return self._replace(share=share * self.share)


def _falls(known: Sequence[tuple[int, float]]) -> list[_Fall]:
    """Of warm requests, one after the other: before the lowest percentile, between two, and beyond the highest."""
    found = [_Fall(0.0, 1.0, 0.0)]
    for (less, at), (more, until) in pairwise(known):
        if until > at:
            found.append(_Fall(at, 1 - less / 100, math.log((100 - less) / (100 - more)) / (until - at)))
    highest, until = known[-1]
    goes_on = len(known) > 1 and until > known[-2][1]
    return [*found, _Fall(until, 1 - highest / 100 if goes_on else 0.0, found[-1].rate if goes_on else 0.0)]


def _from(falls: Sequence[_Fall], seconds: float) -> _Fall:
    """The one that holds from then on."""
    fall = next(fall for fall in reversed(falls) if fall.begins_s <= seconds)
    return _Fall(seconds, fall.at(seconds), fall.rate)


def _reached(mixed: Sequence[tuple[_Fall, _Fall]], late: float) -> float:
    """When no more than the share `late` is slower, of two falls in each stretch of time."""
    stretch = mixed[0]
    for following in mixed[1:]:
        begins_s = following[0].begins_s
        if sum(fall.share for fall in following) <= late:
            return min(begins_s, _solved(stretch, late))
        stretch = following
    return _solved(stretch, late)


def _solved(falls: tuple[_Fall, _Fall], late: float) -> float:
    """Newton's steps from the left: a sum of exponentials is convex, so that none goes too far. Infinite where it stays above."""
    seconds = falls[0].begins_s
    for _ in range(_NEWTON_STEPS):
        shares = [fall.at(seconds) for fall in falls]
        over, slope = sum(shares) - late, sum(share * fall.rate for share, fall in zip(shares, falls, strict=True))
        if over <= 0:
            break
        if not slope:
            return math.inf
        seconds, before_s = seconds + over / slope, seconds
        if seconds == before_s:
            break
    return seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a number of requests uses up: plain numbers, to be multiplied by a tariff's rates."""

    requests: float
    seconds: float
    gigabyte_seconds: float
    core_seconds: float


def usage(requests: float, service_s: float, cold: float, start_s: float, memory_bytes: float, cores: float) -> Usage:
    """Of `requests` of `service_s` seconds in the mean, of which the share `cold` start first; a gigabyte is 2^30 bytes."""
    seconds = requests * (service_s + cold * start_s)
    return Usage(
        requests=requests,
        seconds=seconds,
        gigabyte_seconds=seconds * memory_bytes / 2**30,
        core_seconds=seconds * cores,
    )
