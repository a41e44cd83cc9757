"""What a plan says of one service, or once for a group that it does the same to: the decision, then what changes and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from infractl.domain.plan import Change, ServicePlan
from infractl.domain.steering import Steering
from infractl.report.change_text import change_lines
from infractl.report.cost_text import cost_rows
from infractl.report.given_text import given_lines
from infractl.report.group_text import SERVICE, grouped, names_text, without_name, without_own_values
from infractl.report.placement_text import replicas_text, why_text
from infractl.report.style import Style
from infractl.report.value_text import figure_text, predicted_at, times

_MOST_LOST = 100
"""Names that are shown of a group that is destroyed: whoever reads this must see whom it meets."""


Block = tuple[ServicePlan, ...]
"""What is shown once: a service, or a group to which the same happens."""


def groups(services: Sequence[ServicePlan]) -> list[Block]:
    """Services to which the same happens: the same changes of the same attributes for the same reasons."""
    return grouped(services, _happens)


def _happens(service: ServicePlan) -> str:
    """In full: what is shown is shortened, and may look alike where it is not."""
    changes = [
        (c.address.kind, c.address.name, c.action, c.reasons, c.attributes, c.left, c.deposed, c.desired and c.desired.properties)
        for c in map(_of_group, service.changed)
    ]
    return without_name(repr((headline(service), changes)), service.key.service)


def _of_group(change: Change) -> Change:
    return replace(change, attributes=without_own_values(change.attributes))


def service_lines(group: Block, steering: Steering, style: Style) -> Iterator[str]:
    first = group[0]
    yield style.bold(f"{title(group)}: {'what lives is recorded, and not touched' if steering.refresh_only else headline(first)}")
    yield from _about(group, steering)
    for change in first.changed:
        yield ""
        if len(group) == 1:
            yield from change_lines(change, first.key.service, style)
        else:
            yield from (without_name(line, first.key.service) for line in change_lines(_of_group(change), SERVICE, style))


def title(group: Block) -> str:
    """The service's name, or how many there are and their names."""
    if len(group) == 1:
        return group[0].key.service
    return f"{len(group):,} services ({named(group)})"


def named(group: Block) -> str:
    names = [service.key.service for service in group]
    return names_text(names) if group[0].deployment else names_text(names, _MOST_LOST)


def _about(group: Block, steering: Steering) -> Iterator[str]:
    """What environment and placement say; of a group only where they say the same of all."""
    said = [[without_name(line, s.key.service) if len(group) > 1 else line for line in _reasons(s, steering)] for s in group]
    if all(lines == said[0] for lines in said):
        yield from said[0]
    else:
        yield "    placements, figures and costs differ: --service NAME shows those of one, --json those of all"


def _reasons(service: ServicePlan, steering: Steering) -> Iterator[str]:
    yield from (f"    {line}" for line in given_lines(service.given))
    if service.deployment is not None and not steering.refresh_only:
        yield from _decision(service)


def headline(service: ServicePlan) -> str:
    current = service.current
    in_part = " in part" if service.left_out else ""
    if service.deployment is None:
        return f"version {current} will be destroyed{in_part}" if current else f"will be destroyed{in_part}"
    version = service.deployment.stable.version
    before = f"{current} -> " if current not in (None, version) else ""
    back = f", back to what serial {service.rollback.serial} recorded" if service.rollback else ""
    moved = f", moved from {service.moved_from}" if service.moved_from else ""
    return f"version {before}{version} at {service.target}{back}{moved}{in_part}"


def _decision(service: ServicePlan) -> Iterator[str]:
    """The placement, what it is predicted to give beside what was asked, and what it costs."""
    assert service.deployment is not None
    placement = service.deployment.stable.placement
    prediction = placement.prediction
    yield (
        f"    placement  {placement.offer.name}: {placement.offer.chip.name}, {placement.recipe.name}, "
        f"{replicas_text(placement)} of {placement.cut}"
    )
    if service.decision and (why := why_text(service.decision, placement)):
        yield f"    {'why':<10} {why}"
    yield f"    predicted  {predicted_at(prediction)}"
    for name, figure in times(prediction):
        yield f"    {name:<10} {figure_text(figure)}{_asked(service, name)}  {figure.basis}"
    capacity = prediction.capacity_per_s
    yield f"    {'capacity':<10} {figure_text(capacity)}{_asked(service, 'throughput')}  {capacity.basis}"
    yield f"    {'memory':<10} {figure_text(prediction.memory_bytes)}"
    yield from (f"    {name:<10} {text}" for name, text in cost_rows(placement.cost, service.cost))


def _asked(service: ServicePlan, name: str) -> str:
    return f", asked {service.slo[name]}" if name in service.slo else ""
