"""Of a plan, what differs and stays as it lives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infractl.domain.plan import Change, LeftAttribute
from infractl.report.style import Style
from infractl.report.value_text import counted, value_text

MOST_LINES = 3
"""Of resources that nothing happens to: a plan that changes nothing stays short, however large the project."""


def left_text(attribute: LeftAttribute) -> str:
    live, declared = value_text(attribute.live), value_text(attribute.declared)
    if attribute.added:
        stands = f"{attribute.path} = {live}, which is not declared"
    elif attribute.removed:
        stands = f"{attribute.path} is not there, declared {declared}"
    else:
        stands = f"{attribute.path} = {live}, declared {declared}"
    return f"{stands}  # {attribute.course}: {attribute.why}"


def left_lines(changes: Sequence[Change], style: Style) -> Iterator[str]:
    """Of resources that stay as they are."""
    told = [f"{style.yellow('Left:')} {c.address} {left_text(attribute)}" for c in changes for attribute in c.left]
    if len(told) <= MOST_LINES:
        yield from told
    else:
        resources = counted(sum(bool(c.left) for c in changes), "resource")
        yield f"{style.yellow('Left:')} {len(told)} attributes of {resources} differ and stay: infractl drift tells each"
