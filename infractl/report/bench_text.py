"""A measurement as people read it: each figure with its interval, beside what was predicted and what was promised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from infractl.domain.bench import Bench, Run, Scenario
from infractl.domain.environment import DEFAULT_ENVIRONMENT
from infractl.domain.figure import Figure, quantity_text
from infractl.report.style import Style
from infractl.report.value_text import counted, figure_text
from infractl.units import format_duration, format_rate, format_share

_LEAST = "1/s"
"""The unit of what must be there at least; of a time less is better."""

_NAMES: Mapping[Scenario, str] = {
    Scenario.single_stream: "alone_",
    Scenario.multi_stream: "multi_stream_",
    Scenario.server: "",
    Scenario.constant: "constant_",
}


def bench_text(bench: Bench, style: Style) -> str:
    return "\n".join(_lines(bench, style)) + "\n"


def _lines(bench: Bench, style: Style) -> Iterator[str]:
    name = (
        bench.key.service if bench.key.environment == DEFAULT_ENVIRONMENT else f"{bench.key.service} in {bench.key.environment}"
    )
    yield f"{style.bold(name)}: version {bench.version} at {bench.url}"
    for note in bench.notes:
        yield f"  {style.yellow(note)}"
    if bench.runs:
        yield f"  {'':<14} {'measured (95% interval)':<36} {'predicted':<34} promised"
    for run in bench.runs:
        yield from _run(bench, run, style)
    for scenario, why in bench.skipped.items():
        yield f"  {scenario}: skipped: {why}"
    yield from _rules(bench)
    yield _stored(bench)


def _run(bench: Bench, run: Run, style: Style) -> Iterator[str]:
    yield f"  {style.bold(_title(run))}"
    for name, figure in run.figures.items():
        whole = f"{_NAMES[run.scenario]}{name}" if run.scenario in _NAMES else run.scenario.value.lower()
        predicted, promised = bench.predicted.get(whole), bench.promised.get(whole)
        text = f"{figure_text(figure) if figure.low < figure.high else quantity_text(figure.value, figure.unit):<36}"
        yield (
            f"    {_label(run, name):<12} {text} {figure_text(predicted) if predicted else '-':<34} "
            f"{_promised(figure, promised, run.bound or bool(bench.measurement.disturbances), style)}"
        ).rstrip()
    for name, why in run.lacking.items():
        yield f"    {_label(run, name):<12} {style.dim(why)}"
    yield f"    {style.dim(_facts(run))}"
    if run.errors:
        yield f"    {style.red(f'the first that failed: {run.first_error}')}"
    if run.stopped:
        yield f"    {style.red(f'ended before its time: {run.stopped}')}"
    if run.client:
        yield f"    {style.yellow(f'the client was the limit: {run.client}')}"


def _title(run: Run) -> str:
    match run.scenario:
        case Scenario.single_stream:
            return "SingleStream: one request at a time"
        case Scenario.multi_stream:
            return "MultiStream: eight requests at once, until all are answered"
        case Scenario.server:
            return f"Server: Poisson arrivals at {format_rate(run.rate_per_s or 0.0)}, from when each was due"
        case Scenario.constant:
            return f"Constant: arrivals at equal distances at {format_rate(run.rate_per_s or 0.0)}, from when each was due"
        case Scenario.offline:
            return f"Offline: everything at once, over {counted(run.connections, 'connection')}"
        case Scenario.saturation:
            return f"Saturation: {counted(run.connections, 'connection')}, each always with a request"
        case Scenario.capacity:
            rates = {step.rate_per_s for step in run.tried}
            return f"Capacity: the highest rate that keeps the limits, of {counted(len(rates), 'rate')} tried"


def _label(run: Run, name: str) -> str:
    return {"rate": "samples" if run.scenario is Scenario.offline else "requests"}.get(name, name)


def _promised(figure: Figure, promised: Figure | None, bound: bool, style: Style) -> str:
    """Kept or broken where the whole interval says so; what may be better than it was measured breaks nothing."""
    if promised is None:
        return "-"
    text = quantity_text(promised.value, promised.unit)
    least = promised.unit == _LEAST
    kept = figure.low >= promised.value if least else figure.high <= promised.value
    broken = not bound and (figure.high < promised.value if least else figure.low > promised.value)
    return f"{text} {style.green('kept') if kept else style.red('broken') if broken else style.yellow('uncertain')}"


def _facts(run: Run) -> str:
    parts = [
        f"{counted(run.requests, 'request')}, {counted(run.errors, 'error')} in {format_duration(run.seconds + run.warm_up_s)}",
        f"client busy {format_share(round(run.client_busy_share, 2))}",
    ]
    if run.late_s:
        parts.append(f"99% sent within {format_duration(run.late_s)} of when due")
    if run.tried:
        parts.append("tried " + ", ".join(f"{format_rate(t.rate_per_s)} ({t.reason or 'kept'})" for t in run.tried))
    return "; ".join(parts)


def _rules(bench: Bench) -> Iterator[str]:
    for run in bench.runs:
        if run.rules is not None:
            yield f"  {run.scenario} by MLPerf's rules needs {'; '.join(run.rules)}. This is no MLPerf result."


def _stored(bench: Bench) -> str:
    if bench.failure:
        return "  Not stored."
    return f"  Stored as {bench.stored[:12]}, for the next plan." if bench.stored else f"  Not stored: {bench.why_not}."
