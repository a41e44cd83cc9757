"""Status as people read it: predicted, promised and measured in one table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infractl.domain.address import ServiceKey
from infractl.domain.environment import DEFAULT_ENVIRONMENT
from infractl.domain.health import HealthStatus
from infractl.domain.status import ServiceStatus
from infractl.report.style import Style
from infractl.report.value_text import counted, figure_text, predicted_at
from infractl.units import format_duration


def status_text(services: Sequence[ServiceStatus], style: Style) -> str:
    if not services:
        return "No service is declared, and none is recorded.\n"
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
        yield f"  {output:<10} {status.outputs[output]}"
    yield from _table(status)
    requests, errors = (int(status.measured.get(name, 0)) for name in ("requests", "errors"))
    if status.measured:
        yield f"  {'served':<10} {counted(requests, 'request')}, {counted(errors, 'error')}"
    for resource in status.resources:
        if resource.health.status is not HealthStatus.healthy or resource.drifted:
            drift = f"drifted: {', '.join(resource.drifted)}" if resource.drifted else ""
            reason = "; ".join(part for part in (resource.health.reason, drift) if part)
            yield f"  {resource.address}: {resource.health.status.value}: {reason}"


def _name(key: ServiceKey) -> str:
    return key.service if key.environment == DEFAULT_ENVIRONMENT else f"{key.service} in {key.environment}"


def _table(status: ServiceStatus) -> Iterator[str]:
    """Predicted at the declared peak, promised, and measured at whatever load there was: each says of what it speaks."""
    prediction = status.prediction
    if prediction is None:
        return
    yield f"  {'':<10} {f'predicted {predicted_at(prediction)}':<34} {'promised':<10} {'measured':<10}".rstrip()
    for percentile, figure in sorted(prediction.latency_s.items()):
        name = f"p{percentile}"
        seconds = status.measured.get(f"{name}_s")
        measured = format_duration(seconds) if seconds is not None else "-"
        yield f"  {name:<10} {figure_text(figure):<34} {status.promised.get(name, '-'):<10} {measured:<10}".rstrip()
    capacity = figure_text(prediction.capacity_per_s)
    yield f"  {'capacity':<10} {capacity:<34} {status.promised.get('throughput', '-'):<10} -"
