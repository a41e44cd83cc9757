"""Times of requests by simulation, with what its length leaves uncertain."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import stdev

from infractl.placement.language.simulate import Served, Server, simulate
from infractl.placement.language.turn import Turn

REQUESTS = 2000
"""And ten for each sequence that runs at a time; those of the first tenth, and three for each sequence, only fill the server."""


_IDLE = 1e-3
"""The share of time in which a server works that counts as idle."""

_PARTS = 5
"""Of a simulation, one after the other; what a percentile varies by among them tells how sure it is as a whole."""


@dataclass(frozen=True, slots=True)
class Quantile:
    """`error_s` is the standard error that comes of a simulation's length; closed forms have none of that."""

    seconds: float
    error_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Times:
    """By percentile. `tpot` is empty where a request has one token."""

    ttft: dict[int, Quantile]
    tpot: dict[int, Quantile]
    latency: dict[int, Quantile]


@lru_cache(maxsize=32)
def server(turn: Turn) -> Server:
    """What is simulated of a turn."""
    return Server(
        step_s=tuple(turn.step_s(batch) for batch in range(turn.limit + 1)),
        prompt_s=turn.prompt_s,
        weights_s=turn.weights_s,
        prompt=turn.prompt,
        output=turn.output,
        chunk=turn.chunk,
    )


def served(turn: Turn, rate_per_s: float, seed: int = 0) -> Served:
    # Where nobody comes, what a lone request takes is asked for.
    rate_per_s = max(rate_per_s, _IDLE * turn.rate_per_s(1))
    running = turn.running(rate_per_s)
    skipped = REQUESTS // 10 + int(3 * running)
    return simulate(server(turn), rate_per_s, REQUESTS + int(10 * running), seed, skipped)


def simulated_times(turn: Turn, rate_per_s: float, percentiles: Sequence[int], seed: int = 0) -> Times:
    found = served(turn, rate_per_s, seed)
    return Times(
        _quantiles(found.ttft_s, percentiles, turn.request_s),
        _quantiles(found.tpot_s, percentiles),
        _quantiles(found.latency_s, percentiles, turn.request_s),
    )


def quantile(values: Sequence[float], percentile: int) -> float:
    """By nearest rank."""
    return sorted(values)[-(-percentile * len(values) // 100) - 1]


def _quantiles(values: Sequence[float], percentiles: Sequence[int], later_s: float = 0.0) -> dict[int, Quantile]:
    if not values:
        return {}
    size = len(values) // _PARTS
    parts = [sorted(values[part * size : (part + 1) * size]) for part in range(_PARTS)]
    whole = sorted(values)
    return {
        p: Quantile(quantile(whole, p) + later_s, stdev(quantile(part, p) for part in parts) / math.sqrt(_PARTS))
        for p in percentiles
    }
