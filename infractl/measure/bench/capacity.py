"""The highest rate that keeps the latency limits: the loads of Poisson arrivals that the search asks for, and its figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING

from infractl.domain.bench import Run, Scenario
from infractl.measure.bench.arrival import Arrivals
from infractl.measure.bench.job import Load, OpenJob
from infractl.measure.bench.percentile import Interval, quantile_interval
from infractl.measure.bench.reading import arrivals_needed, client_limit, figure, latencies, too_few
from infractl.measure.bench.scenario import counted, seen
from infractl.measure.bench.search import CLOSE_ENOUGH, Found, Outcome, Verdict, search
from infractl.measure.bench.terms import LEAST_WARM_UP_S, OPEN_CONNECTIONS, Terms, few_errors
from infractl.measure.bench.tool import Send
from infractl.units import format_duration, format_rate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ABOVE_SATURATION = 1.3
"""So far above the rate of a closed loop the search begins: more requests at once may be joined into larger batches."""

_STEP_SHARE = 0.5
_LEAST_BEHIND_S = 0.25


def run_capacity(terms: Terms, send: Send, *, top: float, known: Run | None) -> Run:
    """`top` bounds the search; `known` is a run at the peak rate, whose verdict is the first one. There must be limits."""
    loads: list[Load] = []

    def attempt(rate_per_s: float, step: int) -> Verdict:
        load = send(_job(terms, rate_per_s, step), terms.requests.bodies)
        loads.append(load)
        return verdict(load, terms.limits_s, LEAST_WARM_UP_S)

    kept, broken = _known(known, terms.limits_s)
    top = max(top, CLOSE_ENOUGH * kept)
    found = search(attempt, top=top, lowest=_lowest_rate(terms), kept=kept, broken=broken)
    run = replace(_sum(loads), tried=found.tried)
    if not found.kept:
        return replace(run, lacking={"rate": _why_none(found, top, terms)})
    client = next((c for load in loads if (c := client_limit(load, latencies(load, LEAST_WARM_UP_S)))), "")
    interval = Interval(found.kept, found.kept, found.broken or found.kept)
    floor = found.broken is None or bool(client)
    source = _source(found, terms.limits_s)
    source += f"; a floor, because {client or 'no higher one was tried'}" if floor else ""
    return replace(run, figures={"rate": figure(interval, "1/s", source)}, client=client, bound=floor)


def _source(found: Found, limits_s: Mapping[int, float]) -> str:
    limits = ", ".join(f"p{p} within {format_duration(limit)}" for p, limit in sorted(limits_s.items()))
    rates = counted(len({found.kept, *(step.rate_per_s for step in found.tried)}), "rate")
    source = f"the highest of {rates} of Poisson arrivals that kept {limits}, up to the lowest that did not"
    source += "" if found.confirmed else "; it kept them once, and was not loaded again"
    return source + (f"; the search ended early: {found.untold}" if found.untold else "")


def _why_none(found: Found, top: float, terms: Terms) -> str:
    """Why no rate was found to keep the limits, and what would tell more."""
    if found.untold:
        return f"the search ended: {found.untold}"
    longest, percentile = format_duration(terms.longest_s), max(terms.limits_s)
    if not found.tried:
        rate = top if found.broken is None else found.broken
        return (
            f"p{percentile} is told from about {_arrivals(terms):,} requests, and {format_rate(rate)} brings fewer in {longest}, "
            f"the longest that one rate is loaded: pass --duration {_duration_for(terms, rate / 2)} or more"
        )
    lowest = min((step for step in found.tried if not step.kept), key=lambda step: step.rate_per_s)
    why = f"{lowest.reason} at {format_rate(lowest.rate_per_s)}, the lowest rate that "
    if lowest.rate_per_s > _lowest_rate(terms):
        return f"{why}was tried"
    longer = _duration_for(terms, lowest.rate_per_s / 2)
    return f"{why}shows p{percentile} within {longest}: pass --duration {longer} or more to try lower ones"


def verdict(load: Load, limits_s: Mapping[int, float], warm_up_s: float) -> Verdict:
    """What a load says of its rate: each percentile is judged by the upper end of its interval.

    One that has too few requests for a percentile breaks nothing; nor does one whose service is gone.
    """
    if load.gone:
        return Verdict(outcome=Outcome.untold, reason=load.gone)
    if load.stopped:
        return Verdict(outcome=Outcome.broken, reason=load.stopped)
    if load.errors > few_errors(len(load.began_s)):
        reason = f"{load.errors} of {len(load.began_s)} requests failed: {load.first_error}"
        return Verdict(outcome=Outcome.broken, reason=reason)
    samples = latencies(load, warm_up_s)
    verdicts = [_judged(samples, percentile, limit_s) for percentile, limit_s in sorted(limits_s.items())]
    worst = (v for outcome in (Outcome.broken, Outcome.untold) for v in verdicts if v.outcome is outcome)
    return next(worst, Verdict(outcome=Outcome.kept))


def _judged(samples: NDArray[np.float64], percentile: int, limit_s: float) -> Verdict:
    share = percentile / 100
    if why := too_few(len(samples), share):
        return Verdict(outcome=Outcome.untold, reason=f"p{percentile} cannot be told: {why}")
    interval = quantile_interval(samples, share)
    if interval is None:
        return Verdict(outcome=Outcome.broken, reason=f"p{percentile} was not answered")
    if interval.high > limit_s:
        return Verdict(outcome=Outcome.broken, reason=f"p{percentile} is up to {format_duration(interval.high)}")
    return Verdict(outcome=Outcome.kept)


def _known(run: Run | None, limits_s: Mapping[int, float]) -> tuple[float, float | None]:
    """What the run at the peak says: a rate that kept the limits, or one that broke them."""
    if run is None or run.rate_per_s is None:
        return 0.0, None
    figures = {p: run.figures.get(f"p{p}") for p in limits_s}
    if all(f is not None and f.high <= limits_s[p] for p, f in figures.items()) and run.errors <= few_errors(run.requests):
        return run.rate_per_s, None
    broke = any(f is not None and f.low > limits_s[p] for p, f in figures.items()) or bool(run.stopped)
    return 0.0, run.rate_per_s if broke else None


def _arrivals(terms: Terms) -> int:
    """So many show the highest percentile that is limited."""
    return arrivals_needed(max(terms.limits_s) / 100)


def _lowest_rate(terms: Terms) -> float:
    """A lower one brings too few requests in the longest time that it may be loaded."""
    return _arrivals(terms) / terms.longest_s


def _duration_for(terms: Terms, rate_per_s: float) -> str:
    """The --duration with which this rate can be judged, in whole seconds."""
    return format_duration(ceil(terms.duration_s * _lowest_rate(terms) / rate_per_s))


def _job(terms: Terms, rate_per_s: float, step: int) -> OpenJob:
    """Long enough for the highest percentile that is limited."""
    seconds = min(max(_STEP_SHARE * terms.duration_s, _arrivals(terms) / rate_per_s), terms.longest_s)
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
        warm_up_s=LEAST_WARM_UP_S if loads else 0.0,
        seconds=sum(run.seconds for run in runs),
        requests=sum(run.requests for run in runs),
        errors=0,
        figures={},
        stopped=next((load.gone for load in loads if load.gone), ""),
        gone=any(load.gone for load in loads),
        client_busy_share=max((run.client_busy_share for run in runs), default=0.0),
        late_s=max((run.late_s for run in runs), default=0.0),
    )
