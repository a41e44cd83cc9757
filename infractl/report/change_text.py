"""What a plan does to a service's resources, as people read it: each with its reason and the attributes that change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infractl.domain.action import Action
from infractl.domain.plan import AttributeChange, Cause, Change
from infractl.report.left_text import left_text
from infractl.report.style import Style
from infractl.report.value_text import value_text

SYMBOLS = {
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


def change_lines(change: Change, service: str, style: Style) -> Iterator[str]:
    """`service` is what the service is called: its name, or what stands for the names of a group."""
    address = f"{service}.{change.address.kind}.{change.address.name}"
    yield f"  {style.dim('#')} {style.bold(address)} {_HEADINGS[change.action]}: {'; '.join(change.reasons)}"
    yield f"{symbol_text(change.action, style):>3} {change.address.kind} {change.address.name}"
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


def symbol_text(action: Action, style: Style) -> str:
    if action is Action.replace:
        return style.red("-") + "/" + style.green("+")
    return (" " * 2 if style.color else "") + _sign(SYMBOLS[action], style)


def _sign(symbol: str, style: Style) -> str:
    match symbol:
        case "+":
            return style.green(symbol)
        case "-" | "x":
            return style.red(symbol)
        case _:
            return style.yellow(symbol)
