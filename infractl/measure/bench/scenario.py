"""One scenario: the load that it asks for, and what is read off it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import ceil

from infractl.domain.bench import Run, Scenario
from infractl.measure.bench.arrival import Arrivals
from infractl.measure.bench.job import ClosedJob, Load, OpenJob
from infractl.measure.bench.mlperf import OFFLINE_SAMPLES, SAMPLES_PER_QUERY, unmet
from infractl.measure.bench.rate import rate_interval
from infractl.measure.bench.reading import arrivals_needed, client_limit, figure, latencies, lateness, percentiles
from infractl.measure.bench.terms import GIVE_UP_S, OPEN_CONNECTIONS, Terms
from infractl.measure.bench.tool import Send
from infractl.units import format_duration, format_rate

_FOR_P99 = arrivals_needed(0.99)

_HOW: Mapping[Scenario, str] = {
    Scenario.single_stream: "one at a time",
    Scenario.multi_stream: f"queries of {SAMPLES_PER_QUERY} requests at once, one query at a time",
}


def run_stream(scenario: Scenario, terms: Terms, send: Send) -> Run:
    """SingleStream or MultiStream: a query at a time."""
    group = SAMPLES_PER_QUERY if scenario is Scenario.multi_stream else 1
    job = ClosedJob(
        streams=1,
        group=group,
        seconds=terms.warm_up_s + terms.duration_s,
        least=_FOR_P99,
        most_s=terms.warm_up_s + terms.longest_s,
        timeout_s=terms.timeout_s,
    )
    load = send(job, terms.requests.bodies)
    run = seen(scenario, load, connections=group, warm_up_s=terms.warm_up_s)
    return _with_latencies(run, load, terms, _HOW[scenario])


def run_open_loop(scenario: Scenario, rate_per_s: float, terms: Terms, send: Send) -> Run:
    """Server or Constant: at the peak rate, each latency from when the request was due."""
    seconds = min(max(terms.duration_s, _FOR_P99 / rate_per_s), terms.longest_s)
    arrivals = Arrivals.constant if scenario is Scenario.constant else Arrivals.poisson
    job = OpenJob(
        arrivals=arrivals,
        rate_per_s=rate_per_s,
        seconds=terms.warm_up_s + seconds,
        seed=terms.seed,
        connections=OPEN_CONNECTIONS,
        timeout_s=terms.timeout_s,
        give_up_s=GIVE_UP_S,
    )
    load = send(job, terms.requests.bodies)
    how = f"{arrivals.value} arrivals at {format_rate(rate_per_s)}, from when each was due"
    run = seen(scenario, load, connections=OPEN_CONNECTIONS, warm_up_s=terms.warm_up_s)
    return _with_latencies(replace(run, rate_per_s=rate_per_s), load, terms, how)


def run_saturation(terms: Terms, send: Send) -> Run:
    """As many answers a second as so many connections get."""
    seconds = terms.warm_up_s + terms.duration_s
    job = ClosedJob(streams=terms.connections, seconds=seconds, most_s=seconds, timeout_s=terms.timeout_s)
    load = send(job, terms.requests.bodies)
    how = f"{terms.connections} connections, each with the next request as soon as it has its answer"
    run = seen(Scenario.saturation, load, connections=terms.connections, warm_up_s=terms.warm_up_s)
    return _with_rate(run, load, min(seconds, load.elapsed_s), 1, how)


def run_offline(terms: Terms, send: Send) -> Run:
    """Everything is there at the start; sent in requests of as many samples as the service joins, over all connections."""
    items = terms.whole.items
    seconds = 2 * terms.duration_s
    job = ClosedJob(
        streams=terms.connections,
        seconds=seconds,
        most_s=seconds,
        most=ceil(OFFLINE_SAMPLES / items),
        timeout_s=terms.timeout_s,
    )
    load = send(job, terms.whole.bodies)
    how = f"{len(load.began_s):,} requests of {counted(items, 'sample')} over {terms.connections} connections"
    run = seen(Scenario.offline, load, connections=terms.connections, warm_up_s=0.0, items=items)
    return _with_rate(run, load, load.elapsed_s, items, how)


def seen(scenario: Scenario, load: Load, *, connections: int, warm_up_s: float, items: int = 1) -> Run:
    """What became of a load, without any figures. Each request holds so many `items`."""
    seconds = max(0.0, load.elapsed_s - warm_up_s)
    queries = len(latencies(load, warm_up_s))
    return Run(
        scenario=scenario,
        rate_per_s=None,
        connections=connections,
        warm_up_s=warm_up_s,
        seconds=seconds,
        requests=len(load.began_s) - load.unsent,
        errors=load.errors,
        figures={},
        first_error=load.first_error,
        stopped=load.gone or load.stopped,
        gone=bool(load.gone),
        client_busy_share=load.busy_share,
        late_s=lateness(load, 0.99),
        rules=unmet(scenario, seconds=seconds, queries=queries * items, errors=load.errors),
    )


def _with_latencies(run: Run, load: Load, terms: Terms, how: str) -> Run:
    samples = latencies(load, run.warm_up_s)
    client = client_limit(load, samples)
    warm = format_duration(run.warm_up_s)
    source = f"{counted(len(samples), 'query')}, {how}; {terms.requests.source}; the first {warm} not counted"
    read = percentiles(samples, source + (f"; a ceiling, because {client}" if client else ""))
    return replace(run, figures=read.figures, lacking=read.lacking, client=client, bound=bool(client))


def _with_rate(run: Run, load: Load, end_s: float, items: int, how: str) -> Run:
    """What is answered by `end_s`, a hair later, so that the last answer is in. A load that broke off shows no rate."""
    import numpy as np

    interval = rate_interval(np.asarray(load.done_s), run.warm_up_s, end_s * (1 + 1e-9))
    if run.stopped or interval is None:
        return replace(run, lacking={"rate": run.stopped or "nothing was answered"})
    client = client_limit(load, np.empty(0))
    source = f"{how}, for {format_duration(end_s - run.warm_up_s)}" + (f"; a floor, because {client}" if client else "")
    figures = {"rate": figure(interval, "1/s", source).scaled(items)}
    return replace(run, figures=figures, client=client, bound=bool(client))


def counted(number: int, noun: str) -> str:
    """`1 query`, `1,200 queries`."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"
