"""The scenarios of a measurement one after another, and the figures that they give together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from infractl.domain.bench import Run, Scenario
from infractl.domain.figure import Figure
from infractl.measure.bench.capacity import ABOVE_SATURATION, run_capacity
from infractl.measure.bench.scenario import counted, run_offline, run_open_loop, run_saturation, run_stream
from infractl.measure.bench.terms import Terms, few_errors
from infractl.measure.bench.tool import Send
from infractl.units import format_duration, format_rate

USUAL = (Scenario.single_stream, Scenario.server, Scenario.saturation, Scenario.capacity)
"""What is measured where nobody says what: what a plan predicts, and the service alone."""

_PREFIXES: Mapping[Scenario, str] = {
    Scenario.single_stream: "alone_",
    Scenario.multi_stream: "multi_stream_",
    Scenario.server: "",
    Scenario.constant: "constant_",
}

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The runs in their order, why others were skipped, and why the whole is no measurement (empty: it is one)."""

    runs: tuple[Run, ...]
    skipped: Mapping[str, str]
    failure: str


def measure(scenarios: Sequence[Scenario], terms: Terms, send: Send, progress: Progress) -> Measured:
    """Run the scenarios, in the order in which each can use what those before it showed; a failure ends it.

    The capacity needs the saturation to know where to search: that is run for it where it is not asked for. Raises MeasureError
    where the load process cannot do its work.
    """
    wanted = {*scenarios, *((Scenario.saturation,) if Scenario.capacity in scenarios and terms.limits_s else ())}
    runs: list[Run] = []
    skipped: dict[str, str] = {}
    for scenario in (s for s in Scenario if s in wanted):
        if why := _cannot(scenario, terms, runs):
            skipped[scenario] = why
            continue
        progress(announce(scenario, terms))
        run = _run(scenario, terms, send, runs)
        runs.append(run)
        if why := failure(run):
            return Measured(runs=tuple(runs), skipped=skipped, failure=why)
    return Measured(runs=tuple(runs), skipped=skipped, failure="")


def failure(run: Run) -> str:
    """Why a run is nothing to go by; empty where it is."""
    if run.gone:
        return f"{run.scenario}: the service is gone: {run.stopped}"
    if run.errors > few_errors(run.requests):
        return f"{run.scenario}: {run.errors:,} of {counted(run.requests, 'request')} failed; the first: {run.first_error}"
    return ""


def figures_of(runs: Sequence[Run]) -> dict[str, Figure]:
    """By the names that a measurement has for them."""
    figures: dict[str, Figure] = {}
    for run in runs:
        prefix = _PREFIXES.get(run.scenario)
        figures |= {(run.scenario.value.lower() if prefix is None else f"{prefix}{name}"): f for name, f in run.figures.items()}
    return figures


def bounds_of(runs: Sequence[Run]) -> Iterator[str]:
    """The names of figures that are no more than a bound: the load process was the limit, or no rate broke the limits."""
    for run in runs:
        if run.bound:
            yield from figures_of([run])


def announce(scenario: Scenario, terms: Terms) -> str:
    """What is done now, and for how long about."""
    lasts = format_duration(terms.warm_up_s + terms.duration_s)
    match scenario:
        case Scenario.single_stream:
            return f"SingleStream: one request at a time, {lasts}"
        case Scenario.multi_stream:
            return f"MultiStream: eight requests at once, {lasts}"
        case Scenario.server | Scenario.constant:
            assert terms.rate_per_s is not None
            arrivals = "Poisson arrivals" if scenario is Scenario.server else "arrivals at equal distances"
            return f"{scenario}: {arrivals} at {format_rate(terms.rate_per_s)}, {lasts} or more"
        case Scenario.offline:
            return f"Offline: everything at once, up to {format_duration(2 * terms.duration_s)}"
        case Scenario.saturation:
            return f"Saturation: {terms.connections} connections, {lasts}"
        case Scenario.capacity:
            usual, longest = format_duration(terms.duration_s / 2), format_duration(terms.longest_s)
            return f"Capacity: rates of Poisson arrivals, about {usual} each; up to {longest} where the rate is low"


def _cannot(scenario: Scenario, terms: Terms, runs: Sequence[Run]) -> str:
    """Why a scenario cannot be run; empty where it can."""
    match scenario:
        case Scenario.server | Scenario.constant if terms.rate_per_s is None:
            return "no rate is declared in traffic.peak or slo.throughput: pass --rate"
        case Scenario.capacity if not terms.limits_s:
            return "no limit is declared in slo.latency: the capacity without one is the saturation"
        case Scenario.capacity if _top(runs) is None:
            return "the saturation has no figure, so that there is no rate to begin with"
        case _:
            return ""


def _run(scenario: Scenario, terms: Terms, send: Send, runs: Sequence[Run]) -> Run:
    match scenario:
        case Scenario.single_stream | Scenario.multi_stream:
            return run_stream(scenario, terms, send)
        case Scenario.server | Scenario.constant:
            assert terms.rate_per_s is not None
            return run_open_loop(scenario, terms.rate_per_s, terms, send)
        case Scenario.offline:
            return run_offline(terms, send)
        case Scenario.saturation:
            return run_saturation(terms, send)
        case Scenario.capacity:
            top = _top(runs)
            assert top is not None
            known = next((run for run in runs if run.scenario is Scenario.server), None)
            return run_capacity(terms, send, top=top, known=known)


def _top(runs: Sequence[Run]) -> float | None:
    rate = next((run.figures.get("rate") for run in runs if run.scenario is Scenario.saturation), None)
    return ABOVE_SATURATION * rate.high if rate else None
