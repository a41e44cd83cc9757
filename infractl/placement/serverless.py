"""What is paid by the call: how often a request starts cold, what that does to latency, and how much is used. No price."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist

from infractl.domain.figure import Basis, Figure
from infractl.placement.workers import erlang_b

PERCENTILES = (50, 95, 99)

TRUSTED_RATE_PER_S = 0.3
"""Up to here `cold_share` was within 10% of a simulation of ordered reuse (with one exception of 17%); above it is too low: by
31% at 1/s, and several times where it is below 0.06% anyway."""

_NEGLIGIBLE = 1e-12

IMAGE_BYTES_PER_S = 100e6
MODEL_BYTES_PER_S = 100e6
INITIAL_S = 1.0
"""Estimated, from no measurement: how fast an image is pulled and a model read at a cold start, and what it takes beside them."""

GUESSED_FACTOR = 3.0
"""How far off either way such a start may be: a guess as well."""


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


def refused_share(rate_per_s: float, service_s: float, concurrency: int) -> float:
    """The share of requests that come while `concurrency` run, which is the most that may: Erlang's B."""
    return erlang_b(concurrency, rate_per_s * service_s)


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


def latency_s(
    warm_s: Mapping[int, float], cold: float, start_s: float, percentiles: Sequence[int] = PERCENTILES
) -> Mapping[int, float]:
    """Percentiles of F = (1 - cold) · F_warm + cold · F_warm(t - start_s): a p99 is a cold start's as soon as 1% are cold.

    `warm_s` has the warm latency by percentile, in seconds. Between and beyond its percentiles the share of the slower ones falls
    exponentially; below its lowest nothing is taken to be faster, which is on the safe side.
    """
    slowest = max(warm_s.values())
    found = {}
    for percentile in percentiles:
        late, low, high = 1 - percentile / 100, 0.0, start_s + 20 * slowest
        for _ in range(45):
            middle = (low + high) / 2
            slower = (1 - cold) * _slower(warm_s, middle) + cold * _slower(warm_s, middle - start_s)
            low, high = (middle, high) if slower > late * (1 + 1e-9) else (low, middle)
        found[percentile] = high
    return found


def _slower(warm_s: Mapping[int, float], seconds: float) -> float:
    """The share of warm requests that take longer."""
    known = sorted(warm_s.items())
    if seconds < known[0][1]:
        return 1.0
    if len(known) == 1:
        return 0.0
    for (less, at), (more, until) in pairwise(known):
        if seconds < until:
            part = (seconds - at) / (until - at)
            return (1 - less / 100) * _fall(less, more, part)
    (less, at), (more, until) = known[-2:]
    if until == at:
        return 0.0
    return (1 - more / 100) * _fall(less, more, (seconds - until) / (until - at))


def _fall(less: int, more: int, part: float) -> float:
    return math.exp(part * math.log((100 - more) / (100 - less)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a number of requests uses up: plain numbers, to be multiplied by a tariff's rates."""

    requests: float
    seconds: float
    gigabyte_seconds: float
    core_seconds: float


def usage(
    requests: float,
    service_s: float,
    cold: float,
    start_s: float,
    memory_bytes: float,
    cores: float,
    is_start_billed: bool = True,
) -> Usage:
    """Of `requests` of `service_s` seconds in the mean, of which the share `cold` start first; a gigabyte is 2^30 bytes."""
    seconds = requests * (service_s + (cold * start_s if is_start_billed else 0.0))
    return Usage(
        requests=requests,
        seconds=seconds,
        gigabyte_seconds=seconds * memory_bytes / 2**30,
        core_seconds=seconds * cores,
    )


def service_s(host_s: float, core_s: float, cores: float, threads: int = 1) -> float:
    """Seconds for one request on a share of a processor: `core_s` of one core's work that up to `threads` cores can share.

    Below one core all is slower, what the host does besides included; beyond `threads` cores more of them help nothing.
    """
    return host_s / min(cores, 1.0) + core_s / min(cores, float(threads))


def start_s(image_bytes: float, model_bytes: float, load_s: float = 0.0) -> Figure:
    """How long a cold start takes: an estimate for providers that state nothing and where nothing was measured."""
    seconds = INITIAL_S + image_bytes / IMAGE_BYTES_PER_S + model_bytes / MODEL_BYTES_PER_S + load_s
    source = (
        f"estimated: {INITIAL_S:g}s, the image at {IMAGE_BYTES_PER_S / 1e6:g} MB/s, the model at {MODEL_BYTES_PER_S / 1e6:g} MB/s"
        f", and {GUESSED_FACTOR:g} times more or less"
    )
    return Figure(
        value=seconds,
        unit="s",
        low=seconds / GUESSED_FACTOR,
        high=seconds * GUESSED_FACTOR,
        basis=Basis.estimated,
        source=source,
    )
