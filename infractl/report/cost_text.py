"""A cost as people read it: the month with what it is made of, and what that makes a thousand inferences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from infractl.domain.cost import Cost, CostSummary
from infractl.domain.plan import Plan, ServicePlan
from infractl.domain.unknown import Unknown
from infractl.report.style import Style
from infractl.report.value_text import counted
from infractl.units import Money, format_money, format_rate

if TYPE_CHECKING:
    from infractl.domain.status import CostStatus


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


def status_cost_rows(status: CostStatus, style: Style) -> Iterator[tuple[str, str]]:
    """What runs costs at today's price beside its budget, and a thousand inferences at each rate that is known.

    Nothing where neither a price nor a budget is declared.
    """
    amount, summary = status.summary.expected, status.summary
    if isinstance(amount, Unknown):
        if status.budget is not None:
            yield "cost", f"{style.red('unknown')}, budget {format_money(status.budget)}: {amount.why}"
        return
    budget = f", budget {format_money(status.budget)}" if status.budget is not None else ""
    over = f": {style.red(status.over_budget.code)}" if status.over_budget is not None else ""
    yield "cost", f"{format_money(amount)} a month{budget}{over}"
    rates = (
        (summary.per_thousand, summary.rate_per_s, "the traffic declared"),
        (summary.per_thousand_at_capacity, summary.capacity_per_s, "the capacity predicted"),
        (status.per_thousand_measured, status.measured_per_s, "the capacity measured"),
    )
    known = [(money, rate, what) for money, rate, what in rates if isinstance(money, Money) and rate]
    for i, (money, rate, what) in enumerate(known):
        yield "" if i else "per 1,000", f"{format_money(money)} at {format_rate(rate)}, {what}"


def cost_step(service: ServicePlan) -> str:
    """What a month costs before and after a plan, `12.00 USD -> 14.00 USD`, or one sum where it stays. The unknown says so."""
    before, after = _monthly(service.cost_before), _monthly(service.cost)
    return after if before in ("", after) else f"{before} -> {after or 'nothing'}"


def _monthly(summary: CostSummary | None) -> str:
    if summary is None:
        return ""
    return "unknown" if isinstance(summary.expected, Unknown) else format_money(summary.expected)


def total_line(plan: Plan) -> str:
    """What all services of a plan cost a month, before and after it, as far as that is known; "" where nothing is."""
    before, after = _sums([s.cost_before for s in plan.services]), _sums([s.cost for s in plan.services])
    if not (before or after):
        return ""
    unknown = sum(s.cost is not None and isinstance(s.cost.expected, Unknown) for s in plan.services)
    besides = f", and {counted(unknown, 'service')} at a price that is not known" if unknown else ""
    step = after if before == after else f"{before or 'nothing'} -> {after or 'nothing'}"
    return f"Cost: {step} a month{besides}."


def _sums(summaries: Sequence[CostSummary | None]) -> str:
    """One sum for each currency: no rate of exchange is guessed."""
    sums: dict[str, Money] = {}
    for amount in (s.expected for s in summaries if s is not None):
        if isinstance(amount, Money):
            sums[amount.currency] = sums[amount.currency] + amount if amount.currency in sums else amount
    return " and ".join(format_money(sums[currency]) for currency in sorted(sums))
