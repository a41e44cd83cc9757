"""A plan as people read it: for each service what was decided and what it gives, then what changes and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from infractl.domain.action import Action
from infractl.domain.environment import DEFAULT_ENVIRONMENT
from infractl.domain.plan import AttributeChange, Cause, Change, Plan, ServicePlan
from infractl.domain.steering import Steering
from infractl.report.cost_text import cost_rows
from infractl.report.given_text import given_lines
from infractl.report.left_text import left_lines, left_text
from infractl.report.style import Style
from infractl.report.value_text import counted, figure_text, predicted_at, value_text

_SYMBOLS = {
    Action.create: "+",
    Action.update: "~",
    Action.replace: "-/+",
    Action.delete: "-",
    Action.adopt: "=",
    Action.forget: "x",
}
_HEADINGS = {
    Action.create: "will be created",
    Action.update: "will be updated in place",
    Action.replace: "must be replaced",
    Action.delete: "will be destroyed",
    Action.adopt: "is there and will be recorded",
    Action.forget: "is gone and will be dropped from the state",
}
_DONE = {
    Action.create: "to create",
    Action.update: "to update",
    Action.replace: "to replace",
    Action.delete: "to destroy",
    Action.adopt: "to adopt",
    Action.forget: "to forget",
}


def plan_text(plan: Plan, style: Style = Style()) -> str:  # noqa: B008 - frozen
    """The whole plan. With no changes it takes at most five lines and the notices."""
    changed = [s for s in plan.services if s.changed]
    lines = [f"{style.bold('Environment:')} {plan.environment}"] if plan.environment != DEFAULT_ENVIRONMENT else []
    lines += _legend(changed, style) if changed else []
    for service in changed:
        lines += [*_service(service, plan.steering, style), ""]
    lines += [f"{style.yellow('Note:')} {plan.project}: {n.text}" for n in plan.notices]
    lines += [f"{style.yellow('Note:')} {s.key.service}: {n.text}" for s in plan.services for n in s.notices]
    lines += left_lines([c for s in plan.services for c in s.changes if c.action is Action.no_op], style)
    lines.append(_conclusion(plan, style))
    return "\n".join(lines) + "\n"


def _legend(services: Sequence[ServicePlan], style: Style) -> Iterator[str]:
    actions = {c.action for s in services for c in s.changed}
    yield "infractl will perform the following actions:"
    for action in (a for a in _SYMBOLS if a in actions):
        yield f"  {_symbol(action, style):>3} {action.value}"
    yield ""


def _service(service: ServicePlan, steering: Steering, style: Style) -> Iterator[str]:
    headline = "what lives is recorded, and not touched" if steering.refresh_only else _headline(service)
    yield style.bold(f"{service.key.service}: {headline}")
    yield from (f"    {line}" for line in given_lines(service.given))
    if service.deployment is not None and not steering.refresh_only:
        yield from _decision(service)
    for change in service.changed:
        yield ""
        yield from change_lines(change, style)


def _headline(service: ServicePlan) -> str:
    current = service.current
    in_part = " in part" if service.left_out else ""
    if service.deployment is None:
        return f"version {current} will be destroyed{in_part}" if current else f"will be destroyed{in_part}"
    version = service.deployment.stable.version
    before = f"{current} -> " if current not in (None, version) else ""
    back = f", back to what serial {service.rollback.serial} recorded" if service.rollback else ""
    return f"version {before}{version} at {service.target}{back}{in_part}"


def _decision(service: ServicePlan) -> Iterator[str]:
    """The placement, what it is predicted to give beside what was asked, and what it costs."""
    assert service.deployment is not None
    placement = service.deployment.stable.placement
    prediction = placement.prediction
    yield (
        f"    placement  {placement.offer.name}: {placement.offer.chip.name}, {placement.recipe.name}, "
        f"{counted(placement.replicas, 'replica')} of {placement.cut}"
    )
    yield f"    predicted  {predicted_at(prediction)}"
    for percentile, figure in sorted(prediction.latency_s.items()):
        yield f"    {f'p{percentile}':<10} {figure_text(figure)}{_asked(service, f'p{percentile}')}  {figure.basis}"
    capacity = prediction.capacity_per_s
    yield f"    {'capacity':<10} {figure_text(capacity)}{_asked(service, 'throughput')}  {capacity.basis}"
    yield f"    {'memory':<10} {figure_text(prediction.memory_bytes)}"
    yield from (f"    {name:<10} {text}" for name, text in cost_rows(placement.cost, service.cost))


def _asked(service: ServicePlan, name: str) -> str:
    return f", asked {service.slo[name]}" if name in service.slo else ""


def change_lines(change: Change, style: Style) -> Iterator[str]:
    """What happens to one resource, why, and attribute by attribute."""
    yield f"  {style.dim('#')} {style.bold(str(change.address))} {_HEADINGS[change.action]}: {'; '.join(change.reasons)}"
    yield f"{_symbol(change.action, style):>3} {change.address.kind} {change.address.name}"
    if change.action is Action.create and change.desired:
        yield from _properties(change.desired.properties, "+", style)
    elif change.action in (Action.update, Action.replace, Action.adopt):
        width = max((len(a.path) for a in change.attributes), default=0)
        for attribute in change.attributes:
            yield _attribute(attribute, width, style)
    yield from (f"        {left_text(attribute)}" for attribute in change.left)


def _properties(properties: Mapping[str, Any], symbol: str, style: Style) -> Iterator[str]:
    leaves = dict(_leaves(properties))
    width = max(map(len, leaves), default=0)
    for path in sorted(leaves):
        yield f"      {_sign(symbol, style)} {path:<{width}} = {value_text(leaves[path])}"


def _leaves(properties: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every value by its path, as changes name it; an empty mapping is a value."""
    for name, value in properties.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _attribute(attribute: AttributeChange, width: int, style: Style) -> str:
    before, after = value_text(attribute.before), value_text(attribute.after)
    note = style.dim("  # drifted, and is reverted") if attribute.cause is Cause.drift else ""
    note += style.red("  # forces replacement") if attribute.replaces else ""
    if attribute.added:
        return f"      {_sign('+', style)} {attribute.path:<{width}} = {after}{note}"
    if attribute.removed:
        return f"      {_sign('-', style)} {attribute.path:<{width}} = {before}{note}"
    return f"      {_sign('~', style)} {attribute.path:<{width}} = {before} -> {after}{note}"


def _conclusion(plan: Plan, style: Style) -> str:
    counts: dict[Action, int] = {}
    for change in (c for s in plan.services for c in s.changed):
        counts[change.action] = counts.get(change.action, 0) + 1
    if counts:
        parts = [f"{counts[action]} {_DONE[action]}" for action in _SYMBOLS if action in counts]
        return f"{style.bold('Plan:')} {', '.join(parts)}."
    if any(s.left_out for s in plan.services):
        return f"{style.bold('No changes')} to what --target names."
    services = [s for s in plan.services if s.deployment is not None or plan.steering.refresh_only]
    resources = sum(len(s.changes) for s in plan.services)
    as_it_is = "as recorded" if plan.steering.refresh_only else "as declared"
    if not services:
        return f"{style.bold('No changes.')} There is nothing to do: nothing of this is recorded."
    return f"{style.bold('No changes.')} {counted(len(services), 'service')} with {counted(resources, 'resource')} {as_it_is}."


def _symbol(action: Action, style: Style) -> str:
    if action is Action.replace:
        return style.red("-") + "/" + style.green("+")
    return (" " * 2 if style.color else "") + _sign(_SYMBOLS[action], style)


def _sign(symbol: str, style: Style) -> str:
    match symbol:
        case "+":
            return style.green(symbol)
        case "-" | "x":
            return style.red(symbol)
        case _:
            return style.yellow(symbol)
