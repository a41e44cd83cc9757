"""Budgets that services share by label: what each comes to. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from infractl.domain.budget import BudgetStanding, ServiceCost
from infractl.domain.unknown import Unknown
from infractl.units import Money


def standings(budgets: Sequence[tuple[Mapping[str, str], Money]], costs: Sequence[ServiceCost]) -> tuple[BudgetStanding, ...]:
    """Of each budget, its labels and its limit, what the services cost that have all of its labels."""
    return tuple(_standing(number, labels, monthly, costs) for number, (labels, monthly) in enumerate(budgets))


def _standing(number: int, labels: Mapping[str, str], monthly: Money, costs: Sequence[ServiceCost]) -> BudgetStanding:
    counted = [cost for cost in costs if labels.items() <= cost.labels.items()]
    return BudgetStanding(
        number=number,
        labels=labels,
        monthly=monthly,
        total=_total(counted, monthly.currency),
        services=tuple(cost.service for cost in counted),
        recorded=tuple(cost.service for cost in counted if cost.recorded),
    )


def _total(costs: Sequence[ServiceCost], currency: str) -> Money | Unknown:
    total = Money(amount=Decimal(0), currency=currency)
    for cost in costs:
        if isinstance(cost.monthly, Unknown):
            return Unknown(f"what {cost.service} costs is not known: {cost.monthly.why}")
        if cost.monthly.currency != currency:
            return Unknown(f"{cost.service} costs {cost.monthly.currency}, and the budget is in {currency}")
        total += cost.monthly
    return total
