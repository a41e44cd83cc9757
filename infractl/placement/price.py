"""What a placement costs a month, by its offer's tariff."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from infractl.domain.cost import HOURS_A_MONTH, Cost, CostLine
from infractl.domain.machine_price import POWER, PURCHASE, MachinePrice
from infractl.domain.offer import Offer, Purchase, Rate
from infractl.domain.placement import Evaluation, Violation
from infractl.domain.unknown import Unknown
from infractl.units import Money

_UNITS_A_MONTH: Mapping[tuple[str, str], Decimal] = {
    ("instance", "hour"): HOURS_A_MONTH,
    (PURCHASE, "month"): Decimal(1),
    (POWER, "hour"): HOURS_A_MONTH,
}
"""By metric and unit, what one replica uses up in a month: it stands there all the time."""


def monthly_cost(offer: Offer, replicas: int) -> Cost:
    """A fixed number of replicas costs the same at every traffic. What is metered in another way leaves the cost unknown.

    Power is the exception: it is paid as if the machine drew its full power all the time, and the floor as if it drew none. What
    it draws when it is idle is between the two, and nobody has said where.
    """
    if not offer.tariff:
        return Cost(floor=(), expected=(), ceiling=(), why=f"{offer.name}: its price is not known")
    foreign = [rate for rate in offer.tariff if (rate.metric, rate.unit) not in _UNITS_A_MONTH]
    if foreign:
        metered = ", ".join(f"{rate.metric} by the {rate.unit}" for rate in foreign)
        return Cost(floor=(), expected=(), ceiling=(), why=f"{offer.name}: no usage is known for {metered}")
    full = tuple(_line(offer, rate, replicas) for rate in offer.tariff)
    return Cost(floor=tuple(map(_least, full)), expected=full, ceiling=full)


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


def at_price(offers: Iterable[Offer], price: MachinePrice | None, source: str, on: date) -> tuple[Offer, ...]:
    """The offers of one target, its own machines at their declared price: but a pool's own price goes before the target's.

    What is bought from others keeps its provider's.
    """
    if price is None:
        return tuple(offers)
    tariff = price.tariff(source, on)
    return tuple(
        replace(offer, tariff=tariff) if offer.purchase is Purchase.owned and not offer.tariff else offer for offer in offers
    )


def price_remedy(refused: Iterable[Evaluation]) -> str:
    """What makes a price known that a budget can be compared with, where one of the offers has none."""
    offers = [e.offer for e in refused if any(v.code == "price-unknown" for v in e.violations)]
    own = dict.fromkeys(offer.target for offer in offers if offer.purchase is Purchase.owned)
    if not own:
        return "take spec.budget out, or use a target whose prices are known"
    where = " and ".join(f"targets.{target}.price" for target in own)
    if any(offer.tariff for offer in offers):
        return f"declare {where} in infractl.yaml in the budget's currency, or the budget in that of the price"
    return f"declare what the machine costs as {where} in infractl.yaml, or take spec.budget out"


def _line(offer: Offer, rate: Rate, replicas: int) -> CostLine:
    name = f"{rate.name}, all the time" if rate.metric == POWER else rate.name
    return CostLine(name=name or offer.name, usage=_UNITS_A_MONTH[rate.metric, rate.unit] * replicas, rate=rate)


def _least(line: CostLine) -> CostLine:
    """The same with the least that it can be."""
    if line.rate.metric != POWER:
        return line
    return CostLine(name=f"{line.rate.name}, none of the time", usage=Decimal(0), rate=line.rate)
