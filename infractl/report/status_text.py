"""Status as people read it: predicted, promised and measured in one table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infractl.domain.address import ServiceKey
from infractl.domain.environment import DEFAULT_ENVIRONMENT
from infractl.domain.figure import Figure, quantity_text
from infractl.domain.health import HealthStatus
from infractl.domain.measurement import Measurement
from infractl.domain.placement import Prediction
from infractl.domain.status import ServiceStatus, Source, bench_capacity, bench_latency
from infractl.report.cost_text import status_cost_rows
from infractl.report.status_summary_text import status_summary_text
from infractl.report.style import Style
from infractl.report.table_text import table
from infractl.report.value_text import counted
from infractl.units import format_rate

_LABEL = 9
"""Characters of the first column, as wide as its widest word."""

MOST_IN_FULL = 10
"""Of more services only those are shown that are not as they should be."""

_BROKEN = "broken"

_BY = {Source.bench: "in the bench", Source.served: "of all that it served"}


def status_text(services: Sequence[ServiceStatus], style: Style) -> str:
    if not services:
        return "No service is declared, and none is recorded.\n"
    if len(services) > MOST_IN_FULL:
        return f"{status_summary_text(services)}status --service NAME shows one in full.\n"
    return "\n".join("\n".join(_service(s, style)) for s in services) + "\n"


def _service(status: ServiceStatus, style: Style) -> Iterator[str]:
    name = style.bold(_name(status.key))
    if not status.resources:
        yield f"{name}: {status.note or 'nothing is recorded'}"
        return
    health = status.health
    paint = style.green if health.status is HealthStatus.healthy else style.red
    yield f"{name}: {paint(health.status.value)}, version {status.version or 'unknown'} at {status.target}"
    if status.note:
        yield f"  {style.yellow(status.note)}"
    for output in sorted(status.outputs, key=lambda name: (name != "url", name)):
        yield f"  {output:<{_LABEL}}  {status.outputs[output]}"
    if status.prediction is not None:
        yield from _table(status, status.prediction, style)
    if status.cost is not None:
        yield from (f"  {name:<{_LABEL}}  {text}" for name, text in status_cost_rows(status.cost, style))
    for resource in status.resources:
        if resource.health.status is not HealthStatus.healthy or resource.drifted:
            drift = f"drifted: {', '.join(resource.drifted)}" if resource.drifted else ""
            reason = "; ".join(part for part in (resource.health.reason, drift) if part)
            yield f"  {resource.address}: {resource.health.status.value}: {reason}"


def _name(key: ServiceKey) -> str:
    return key.service if key.environment == DEFAULT_ENVIRONMENT else f"{key.service} in {key.environment}"


def _table(status: ServiceStatus, prediction: Prediction, style: Style) -> Iterator[str]:
    """Predicted at the declared peak, promised, and measured twice: by a bench under its own load, and by the service itself."""
    broken = {(b.name, b.source) for b in status.broken}
    rows = []
    for percentile, figure in sorted(prediction.latency_s.items()):
        name = f"p{percentile}"
        bench, served_s = _bench_latency(status.bench, percentile), status.measured.get(f"{name}_s")
        served = _quantity(served_s, "s", (name, Source.served) in broken)
        rows.append((name, figure, name, _quantity(bench, "s", (name, Source.bench) in broken), served))
    capacity = bench_capacity(status.bench) if status.bench else None
    best = _quantity(capacity.value if capacity else None, "1/s", ("throughput", Source.bench) in broken)
    rows.append(("capacity", prediction.capacity_per_s, "throughput", best, "-"))
    cells = [
        (name.ljust(_LABEL), _predicted(figure), status.promised.get(promise, "-"), bench, served)
        for name, figure, promise, bench, served in rows
    ]
    at = f"at {format_rate(prediction.rate_per_s)}" if prediction.rate_per_s else "when idle"
    yield from table(("", f"predicted {at}", "promised", "bench", "served"), cells)
    yield from _sources(status)
    for each in status.broken:
        found, limit = quantity_text(each.found, each.unit), quantity_text(each.limit, each.unit)
        yield f"  {style.red(f'{_BROKEN:<{_LABEL}}')}  {each.name}: {found} {_BY[each.source]}, promised {limit}"


def _bench_latency(bench: Measurement | None, percentile: int) -> float | None:
    figure = bench_latency(bench, percentile) if bench else None
    return figure.value if figure else None


def _quantity(value: float | None, unit: str, broken: bool) -> str:
    if value is None:
        return "-"
    return f"{quantity_text(value, unit)} !" if broken else quantity_text(value, unit)


def _predicted(figure: Figure) -> str:
    """`175us (160-243us) calibrated`: in less space than elsewhere, so that the table fits a narrow terminal."""
    value, low, high = (quantity_text(each, figure.unit) for each in (figure.value, figure.low, figure.high))
    unit = low.lstrip("0123456789.")
    return f"{value} ({low.removesuffix(unit) if high.lstrip('0123456789.') == unit else low}-{high}) {figure.basis}"


def _sources(status: ServiceStatus) -> Iterator[str]:
    """What was measured, when and at which load."""
    bench = status.bench
    if bench is None:
        where = "" if status.key.environment == DEFAULT_ENVIRONMENT else f" --env {status.key.environment}"
        yield f"  {'bench':<{_LABEL}}  none of what runs now: infractl bench {status.key.service}{where}"
    else:
        alone = "one at a time" if "alone_p50" in bench.figures else "saturated"
        load = f"at {format_rate(bench.rate_per_s)}" if bench.rate_per_s else alone
        count = f"{counted(bench.requests, 'request')} in all, {counted(bench.errors, 'error')}"
        yield f"  {'bench':<{_LABEL}}  {bench.at:%Y-%m-%d %H:%M} UTC, {load}; {count}"
    if status.measured:
        requests, errors = (int(status.measured.get(name, 0)) for name in ("requests", "errors"))
        count = f"{counted(requests, 'request')}, {counted(errors, 'error')}"
        yield f"  {'served':<{_LABEL}}  since it started, at any load: {count}"
