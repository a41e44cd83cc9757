"""Times of requests by simulation, with what its length leaves uncertain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from infractl.placement.language.simulate import Served, Server, simulate
from infractl.placement.language.turn import Turn

REQUESTS = 2000
"""And ten for each sequence that runs at a time; those of the first tenth, and three for each sequence, only fill the server."""


@dataclass(frozen=True, slots=True)
class Times:
    """By percentile, in seconds. `tpot_s` is empty where a request has one token."""

    ttft_s: dict[int, float]
    tpot_s: dict[int, float]
    latency_s: dict[int, float]


@lru_cache(maxsize=32)
def server(turn: Turn, chunk: int) -> Server:
    """What is simulated of a turn."""
    return Server(
        step_s=tuple(turn.step_s(batch) for batch in range(turn.limit + 1)),
        prompt_s=turn.prompt_s,
        weights_s=turn.weights_s,
        prompt=turn.prompt,
        output=turn.output,
        chunk=chunk,
    )


def served(turn: Turn, rate_per_s: float, chunk: int, seed: int = 0) -> Served:
    running = turn.running(rate_per_s)
    skipped = REQUESTS // 10 + int(3 * running)
    return simulate(server(turn, chunk), rate_per_s, REQUESTS + int(10 * running), seed, skipped)


def simulated_times(turn: Turn, rate_per_s: float, chunk: int, percentiles: Sequence[int], seed: int = 0) -> Times:
    found = served(turn, rate_per_s, chunk, seed)
    ttft, tpot, latency = (quantiles(of, percentiles) for of in (found.ttft_s, found.tpot_s, found.latency_s))
    return Times(_later(ttft, turn.request_s), tpot, _later(latency, turn.request_s))


def _later(times: dict[int, float], by_s: float) -> dict[int, float]:
    return {percentile: seconds + by_s for percentile, seconds in times.items()}


def quantiles(values: Sequence[float], percentiles: Sequence[int]) -> dict[int, float]:
    """Nearest ranks, by percentile; none of no values."""
    ranked = sorted(values)
    return {p: ranked[min(len(ranked) - 1, -(-p * len(ranked) // 100) - 1)] for p in percentiles} if ranked else {}
