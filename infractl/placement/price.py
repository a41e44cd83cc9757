"""What a placement costs a month, by its offer's tariff."""

from __future__ import annotations

from decimal import Decimal

from infractl.domain.cost import Cost, CostLine
from infractl.domain.offer import Offer, Rate
from infractl.domain.placement import Violation
from infractl.domain.unknown import Unknown
from infractl.units import Money

HOURS_A_MONTH = Decimal(730)
"""8,760 hours a year by twelve: the month that the clouds' own calculators use."""


def monthly_cost(offer: Offer, replicas: int) -> Cost:
    """A fixed number of replicas costs the same at every traffic. What is metered in another way leaves the cost unknown."""
    if not offer.tariff:
        return Cost(floor=(), expected=(), ceiling=(), why=f"{offer.name}: its price is not known")
    foreign = [rate for rate in offer.tariff if not _by_the_hour(rate)]
    if foreign:
        metered = ", ".join(f"{rate.metric} by the {rate.unit}" for rate in foreign)
        return Cost(floor=(), expected=(), ceiling=(), why=f"{offer.name}: no usage is known for {metered}")
    lines = tuple(CostLine(name=offer.name, usage=HOURS_A_MONTH * replicas, rate=rate) for rate in offer.tariff)
    return Cost(floor=lines, expected=lines, ceiling=lines)


def over_budget(cost: Cost, budget: Money | None) -> Violation | None:
    """Why the cost does not keep the budget. An unknown price keeps none."""
    if budget is None:
        return None
    amount = cost.expected_amount
    if isinstance(amount, Unknown):
        return Violation(code="price-unknown", need=f"a price, to keep {budget} a month", have=amount.why)
    if amount.currency != budget.currency:
        return Violation(code="price-unknown", need=f"a price in {budget.currency}", have=f"one in {amount.currency}")
    if amount.amount > budget.amount:
        return Violation(code="over-budget", need=budget, have=amount)
    return None


def _by_the_hour(rate: Rate) -> bool:
    return (rate.metric, rate.unit) == ("instance", "hour")
