"""Budgets that services share, as people read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infractl.domain.budget import BudgetStanding
from infractl.domain.unknown import Unknown
from infractl.report.group_text import names_text
from infractl.report.style import Style
from infractl.units import format_money


def budget_lines(budgets: Sequence[BudgetStanding], style: Style) -> Iterator[str]:
    """`Budget team=risk: 520.00 of 5000 USD a month: fraud, scores`; what is not kept says so."""
    for budget in budgets:
        labels = ", ".join(f"{name}={value}" for name, value in budget.labels.items())
        limit = format_money(budget.monthly)
        if isinstance(budget.total, Unknown):
            have = f"{style.red('unknown')} of {limit} a month: {budget.total.why}"
        else:
            over = "" if budget.kept else f", {style.red('over-budget')}"
            have = f"{format_money(budget.total)} of {limit} a month{over}"
        told = [f"{name} as applied" if name in budget.recorded else name for name in budget.services]
        names = names_text(told) if told else "no service has these labels"
        yield f"{style.bold('Budget')} {labels}: {have} ({names})"
