"""When the requests of an open loop are due, whatever becomes of those before them. The same seed gives the same times."""

from __future__ import annotations

from enum import StrEnum
from random import Random

MOST_REQUESTS = 1_000_000
"""Of one run: its times are kept one by one, so that percentiles are exact."""


class Arrivals(StrEnum):
    constant = "constant"
    """One each 1 / rate."""
    poisson = "poisson"
    """Independent of each other: what many clients that do not know of each other send."""


def due_times(arrivals: Arrivals, rate_per_s: float, seconds: float, seed: int) -> list[float]:
    """Seconds from the start, ascending, all below `seconds`; at most `MOST_REQUESTS`.

    The gaps of a Poisson process are exponentially distributed with the mean 1 / rate.
    """
    if arrivals is Arrivals.constant:
        count = min(MOST_REQUESTS, int(seconds * rate_per_s))
        return [index / rate_per_s for index in range(count)]
    random, due_s = Random(seed), 0.0
    times: list[float] = []
    while len(times) < MOST_REQUESTS:
        due_s += random.expovariate(rate_per_s)
        if due_s >= seconds:
            break
        times.append(due_s)
    return times
