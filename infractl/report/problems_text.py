"""Many problems at once, as people read them: one that many places have is told once, with these places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from infractl.errors import Diagnostic
from infractl.report.diagnostic import render
from infractl.report.group_text import grouped, names_text
from infractl.report.style import Style

_MOST = 20
"""Different problems that are told in full."""


def problems_text(problems: Sequence[Diagnostic], style: Style) -> str:
    """The problems in their order; of those that differ in their place alone, the first with all places."""
    groups = grouped(problems, lambda problem: replace(problem, at=None))
    text = render([_joined(group) for group in groups[:_MOST]], color=style.color)
    rest = groups[_MOST:]
    return f"{text}\n{_left_out(rest)}\n" if rest else text


def _joined(group: Sequence[Diagnostic]) -> Diagnostic:
    if len(group) == 1:
        return group[0]
    return replace(group[0], at=names_text([str(problem.at) for problem in group]))


def _left_out(rest: Sequence[Sequence[Diagnostic]]) -> str:
    return f"and {sum(map(len, rest)):,} more problems: mend these first, and run the command again"
