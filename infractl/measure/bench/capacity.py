"""The highest rate that keeps the latency limits, by bisection over loads of Poisson arrivals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from infractl.domain.bench import Run, Scenario, Tried
from infractl.measure.bench.arrival import Arrivals
from infractl.measure.bench.job import Load, OpenJob
from infractl.measure.bench.percentile import Interval, least_samples, quantile_interval
from infractl.measure.bench.reading import client_limit, figure, latencies, too_few
from infractl.measure.bench.scenario import seen
from infractl.measure.bench.terms import LEAST_WARM_UP_S, OPEN_CONNECTIONS, Terms, few_errors
from infractl.measure.bench.tool import Send
from infractl.units import format_duration, format_rate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_STEPS = 9
CLOSE_ENOUGH = 1.05
"""The search ends when the lowest rate that broke a limit is at most so many times the highest that kept them all."""

ABOVE_SATURATION = 1.3
"""So far above the rate of a closed loop the search begins: more requests at once may be joined into larger batches."""

_STEP_SHARE = 0.5
_LONGEST_STEP_SHARE = 2.0
_LEAST_BEHIND_S = 0.25

Try = Callable[[float, int], str]
"""Loads at a rate, with the number of the step, and gives what it broke; empty where it kept the limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The highest rate that kept the limits (0: none did), the lowest above it that broke one (None: none did), and all steps.

    `confirmed`: it kept them twice.
    """

    kept: float
    broken: float | None
    confirmed: bool
    tried: tuple[Tried, ...]


def search(attempt: Try, *, top: float, kept: float = 0.0, broken: float | None = None) -> Found:
    """Bisect between what is known to keep the limits and `top`, or what is known to break them; at most `MOST_STEPS` loads.

    The rate that is found is loaded once more with other arrivals: one that kept the limits by luck counts as broken then.
    """
    steps: list[Tried] = []
    good, confirmed = [kept], kept > 0
    while len(steps) < MOST_STEPS:
        high = top if broken is None else broken
        if high > CLOSE_ENOUGH * good[-1]:
            rate = (good[-1] + high) / 2
        elif confirmed:
            break
        else:
            rate = good[-1]
        again = rate == good[-1]
        step = Tried(rate_per_s=rate, reason=attempt(rate, len(steps)))
        steps.append(step)
        if step.kept:
            confirmed = again
            good += [] if again else [rate]
        else:
            broken, confirmed = rate, False
            good = [g for g in good if g < rate]
    return Found(kept=good[-1], broken=broken, confirmed=confirmed, tried=tuple(steps))


def run_capacity(terms: Terms, send: Send, *, top: float, known: Run | None) -> Run:
    """`top` bounds the search; `known` is a run at the peak rate, whose verdict is the first one. There must be limits."""
    loads: list[Load] = []

    def attempt(rate_per_s: float, step: int) -> str:
        load = send(_job(terms, rate_per_s, step), terms.requests.bodies)
        loads.append(load)
        return verdict(load, terms.limits_s, LEAST_WARM_UP_S)

    kept, broken = _known(known, terms.limits_s)
    found = search(attempt, top=max(top, CLOSE_ENOUGH * kept), kept=kept, broken=broken)
    run = replace(_sum(loads), tried=found.tried)
    if not found.kept:
        lowest = min(found.tried, key=lambda t: t.rate_per_s)
        why = f"{lowest.reason} at {format_rate(lowest.rate_per_s)}, the lowest rate that was tried"
        return replace(run, lacking={"rate": why})
    client = next((c for load in loads if (c := client_limit(load, latencies(load, LEAST_WARM_UP_S)))), "")
    interval = Interval(found.kept, found.kept, found.broken or found.kept)
    limits = ", ".join(f"p{p} within {format_duration(limit)}" for p, limit in sorted(terms.limits_s.items()))
    source = f"the highest of {len(found.tried)} rates of Poisson arrivals that kept {limits}, up to the lowest that did not"
    source += "" if found.confirmed else "; it was not loaded twice, as there were no steps left"
    floor = found.broken is None or bool(client)
    source += f"; a floor, because {client or 'no higher one was tried'}" if floor else ""
    return replace(run, figures={"rate": figure(interval, "1/s", source)}, client=client, bound=floor)


def verdict(load: Load, limits_s: Mapping[int, float], warm_up_s: float) -> str:
    """What a load broke: each percentile is judged by the upper end of its interval. Empty where it kept all limits."""
    if load.gone or load.stopped:
        return load.gone or load.stopped
    if load.errors > few_errors(len(load.began_s)):
        return f"{load.errors} of {len(load.began_s)} requests failed: {load.first_error}"
    samples = latencies(load, warm_up_s)
    return next((broken for p, limit in sorted(limits_s.items()) if (broken := _over(samples, p, limit))), "")


def _over(samples: NDArray[np.float64], percentile: int, limit_s: float) -> str:
    share = percentile / 100
    if why := too_few(len(samples), share):
        return f"p{percentile} cannot be told: {why}"
    interval = quantile_interval(samples, share)
    if interval is None:
        return f"p{percentile} was not answered"
    return f"p{percentile} is up to {format_duration(interval.high)}" if interval.high > limit_s else ""


def _known(run: Run | None, limits_s: Mapping[int, float]) -> tuple[float, float | None]:
    """What the run at the peak says: a rate that kept the limits, or one that broke them."""
    if run is None or run.rate_per_s is None:
        return 0.0, None
    figures = {p: run.figures.get(f"p{p}") for p in limits_s}
    if all(f is not None and f.high <= limits_s[p] for p, f in figures.items()) and run.errors <= few_errors(run.requests):
        return run.rate_per_s, None
    broke = any(f is not None and f.low > limits_s[p] for p, f in figures.items()) or bool(run.stopped)
    return 0.0, run.rate_per_s if broke else None


def _job(terms: Terms, rate_per_s: float, step: int) -> OpenJob:
    """Long enough for the highest percentile that is limited."""
    needed_s = 1.2 * least_samples(max(terms.limits_s) / 100) / rate_per_s
    seconds = min(max(_STEP_SHARE * terms.duration_s, needed_s), _LONGEST_STEP_SHARE * terms.duration_s)
    return OpenJob(
        arrivals=Arrivals.poisson,
        rate_per_s=rate_per_s,
        seconds=LEAST_WARM_UP_S + seconds,
        seed=terms.seed + 1 + step,
        connections=OPEN_CONNECTIONS,
        timeout_s=terms.timeout_s,
        give_up_s=max(4 * max(terms.limits_s.values()), _LEAST_BEHIND_S),
    )


def _sum(loads: list[Load]) -> Run:
    """All steps together. What failed at a rate that was too high says nothing of the service: the verdict has it."""
    runs = [seen(Scenario.capacity, load, connections=OPEN_CONNECTIONS, warm_up_s=LEAST_WARM_UP_S) for load in loads]
    return Run(
        scenario=Scenario.capacity,
        rate_per_s=None,
        connections=OPEN_CONNECTIONS,
        warm_up_s=LEAST_WARM_UP_S,
        seconds=sum(run.seconds for run in runs),
        requests=sum(run.requests for run in runs),
        errors=0,
        figures={},
        stopped=next((load.gone for load in loads if load.gone), ""),
        gone=any(load.gone for load in loads),
        client_busy_share=max((run.client_busy_share for run in runs), default=0.0),
        late_s=max((run.late_s for run in runs), default=0.0),
    )
