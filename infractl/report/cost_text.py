"""A cost as people read it: the month with what it is made of, and what that makes a thousand inferences."""

from __future__ import annotations

from collections.abc import Iterator

from infractl.domain.cost import Cost, CostSummary
from infractl.domain.unknown import Unknown
from infractl.units import Money, format_money, format_rate


def cost_rows(cost: Cost, summary: CostSummary | None) -> Iterator[tuple[str, str]]:
    """The rows "cost" and, where the price is known, "per 1,000"."""
    amount = cost.expected_amount
    if isinstance(amount, Unknown):
        yield "cost", f"unknown: {amount.why}"
        return
    yield "cost", f"{format_money(amount)} a month: {'; '.join(line.name for line in cost.expected)}"
    if summary is not None and (parts := list(_per_thousand(summary))):
        yield "per 1,000", ", ".join(parts)


def _per_thousand(summary: CostSummary) -> Iterator[str]:
    if isinstance(summary.per_thousand, Money):
        yield f"{format_money(summary.per_thousand)} at {format_rate(summary.rate_per_s)}"
    if isinstance(summary.per_thousand_at_capacity, Money):
        yield f"{format_money(summary.per_thousand_at_capacity)} at full capacity"
