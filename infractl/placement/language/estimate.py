"""Times of requests in microseconds of computing: closed forms that are good enough to leave most candidates out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

from infractl.placement.language.percentile import Quantile, Times
from infractl.placement.language.turn import Turn

_FULL = 0.99
"""The busy share from which waits count as if it were no more."""


def estimated_times(turn: Turn, rate_per_s: float, percentiles: Sequence[int]) -> Times:
    """By percentile, from 50 on."""
    running = turn.running(rate_per_s)
    ttft = {p: _ttft_s(turn, rate_per_s, running, p) for p in percentiles}
    tpot = {p: _tpot_s(turn, rate_per_s, running, p) for p in percentiles}
    latency = {p: ttft[p] + (turn.output - 1) * tpot[p] for p in percentiles}
    return Times(_exactly(ttft), _exactly(tpot) if turn.output > 1 else {}, _exactly(latency))


def _exactly(times_s: dict[int, float]) -> dict[int, Quantile]:
    return {percentile: Quantile(seconds) for percentile, seconds in times_s.items()}


def _ttft_s(turn: Turn, rate_per_s: float, running: float, percentile: int) -> float:
    """The steps that read the prompt, behind part of one that runs and behind other prompts, and the wait for a free sequence.

    Prompts that wait are read together, so that they queue as for a server of batches (`_prompt_wait_s`). Waits are taken as
    exponential. Within two fifths of the simulation up to four fifths of the capacity, as the tests see it.
    """
    step_s = turn.step_s(max(1, round(running)))
    wait_s = _prompt_wait_s(step_s, turn.prompt_s, rate_per_s) + _turn_wait_s(turn, rate_per_s)
    steps = math.ceil(turn.prompt / turn.chunk) + percentile / 100
    return turn.request_s + steps * step_s + turn.prompt_s - math.log(1 - percentile / 100) * wait_s


def _tpot_s(turn: Turn, rate_per_s: float, running: float, percentile: int) -> float:
    """With as many sequences as run at a time, a Poisson number as in M/G/∞, and as many prompts as come meanwhile.

    A prompt that is read makes the others' time longer, in which more prompts come: so deviations are longer by the share of
    time that prompts leave.
    """
    left = 1 - min(_FULL, rate_per_s * turn.prompt_s)
    apart = NormalDist().inv_cdf(percentile / 100) * math.sqrt(running)
    step_s = turn.step_s(max(1, min(turn.limit, math.ceil(running + apart))))
    return step_s + turn.prompt_s * max(0.0, running + apart / left - 1) / turn.output


def _prompt_wait_s(step_s: float, prompt_s: float, rate_per_s: float) -> float:
    """The mean of what prompts wait beyond their own step: Y. Inoue, Performance Evaluation 2021, for batches of any size."""
    fixed, busy = rate_per_s * step_s, min(_FULL, rate_per_s * prompt_s)
    tight = (prompt_s + step_s) / (2 * (1 - busy)) * (1 + 2 * fixed + (1 - fixed) / (1 + busy))
    loose = 1.5 * step_s / (1 - busy) + prompt_s / 2 * (busy + 2) / (1 - busy * busy)
    return max(0.0, min(tight, loose) - step_s - prompt_s)


def _turn_wait_s(turn: Turn, rate_per_s: float) -> float:
    """The mean wait of M/D/c for one of `limit` sequences: half of that of M/M/c, as H. Sakasegawa (1977) approximates it."""
    busy = min(_FULL, rate_per_s / turn.capacity_per_s())
    service_s = turn.cycle_s(turn.limit)
    waiting = math.pow(busy, math.sqrt(2 * (turn.limit + 1)) - 1) / (1 - busy)
    return service_s / turn.limit * waiting / 2
