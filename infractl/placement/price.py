"""What a placement costs a month, by its offer's tariff."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from infractl.domain.cost import HOURS_A_MONTH, SECONDS_AN_HOUR, THOUSAND, Cost, CostLine, per_thousand
from infractl.domain.machine_price import POWER, PURCHASE, MachinePrice
from infractl.domain.offer import Mode, Offer, Purchase, Rate
from infractl.domain.placement import Evaluation, Placement, Violation
from infractl.domain.unknown import Unknown
from infractl.placement.replicas import Fleet
from infractl.placement.season import average_per_s
from infractl.spec.service import InferenceService
from infractl.units import Money

_UNITS_A_MONTH: Mapping[tuple[str, str], Decimal] = {
    ("instance", "hour"): HOURS_A_MONTH,
    (PURCHASE, "month"): Decimal(1),
    (POWER, "hour"): HOURS_A_MONTH,
}
"""By metric and unit, what one replica uses up in a month: it stands there all the time."""


def monthly_cost(offer: Offer, replicas: int, moving: Fleet | None = None) -> Cost:
    """A fixed number of replicas costs the same at every traffic; `moving` ones cost what stands there, machines bought aside.

    What is metered in another way leaves the cost unknown.

    Power is the exception: it is paid as if the machine drew its full power all the time, and the floor as if it drew none. What
    it draws when it is idle is between the two, and nobody has said where.
    """
    if not offer.tariff:
        return Cost(floor=(), expected=(), ceiling=(), why=f"{offer.name}: its price is not known")
    foreign = [rate for rate in offer.tariff if (rate.metric, rate.unit) not in _UNITS_A_MONTH]
    if foreign:
        metered = ", ".join(f"{rate.metric} by the {rate.unit}" for rate in foreign)
        return Cost(floor=(), expected=(), ceiling=(), why=f"{offer.name}: no usage is known for {metered}")
    counts = moving or Fleet(floor=replicas, expected=float(replicas), ceiling=replicas)
    floor, expected, full = (
        tuple(_line(offer, rate, counts.ceiling if rate.metric == PURCHASE else count) for rate in offer.tariff)
        for count in (counts.floor, counts.expected, counts.ceiling)
    )
    return Cost(floor=tuple(map(_least, floor)), expected=expected, ceiling=full)


def together(one: Cost, other: Cost) -> Cost:
    """Two costs as one; what is not known of one is not known of both."""
    if not one.expected or not other.expected:
        return one if not one.expected else other
    return Cost(floor=one.floor + other.floor, expected=one.expected + other.expected, ceiling=one.ceiling + other.ceiling)


def placed_cost(placement: Placement, offer: Offer | None = None) -> Cost:
    """What a placement costs; at the tariff that `offer` has today where it is given.

    What is paid by the call is used up as it was foreseen when it was placed.
    """
    offer = offer or placement.offer
    if placement.mode is Mode.serverless:
        return _repriced(placement.cost, offer)
    moving = Fleet(
        floor=placement.replicas if placement.least_replicas is None else placement.least_replicas,
        expected=float(placement.replicas) if placement.expected_replicas is None else placement.expected_replicas,
        ceiling=placement.replicas,
    )
    if placement.beside is None:
        return monthly_cost(offer, placement.replicas, moving)
    others = placement.replicas - placement.spot_replicas
    return together(monthly_cost(offer, placement.spot_replicas), monthly_cost(placement.beside, others))


def _repriced(cost: Cost, offer: Offer) -> Cost:
    """The same usage at other rates."""
    rates = {(rate.metric, rate.unit): rate for rate in offer.tariff}

    def lines(before: tuple[CostLine, ...]) -> tuple[CostLine, ...]:
        return tuple(replace(line, rate=rates.get((line.rate.metric, line.rate.unit), line.rate)) for line in before)

    return Cost(floor=lines(cost.floor), expected=lines(cost.expected), ceiling=lines(cost.ceiling), why=cost.why)


def dear(service: InferenceService, cost: Cost) -> tuple[Violation, ...]:
    """What the cost has against the service's budget, by the month and by the thousand."""
    budget = service.spec.budget
    found = [over_budget(cost, budget.monthly), over_share(cost, budget.per_thousand, average_per_s(service))]
    return tuple(violation for violation in found if violation)


def budgeted(service: InferenceService) -> Money | None:
    """What a month may cost: the stricter of the two budgets, as far as they compare."""
    budget, rate_per_s = service.spec.budget, average_per_s(service)
    if budget.per_thousand is None or not rate_per_s:
        return budget.monthly
    thousands = exact(rate_per_s) * HOURS_A_MONTH * SECONDS_AN_HOUR / THOUSAND
    whole = Money(amount=budget.per_thousand.amount * thousands, currency=budget.per_thousand.currency)
    if budget.monthly is None or budget.monthly.currency != whole.currency:
        return budget.monthly or whole
    return min(whole, budget.monthly, key=lambda money: money.amount)


def over_share(cost: Cost, budget: Money | None, rate_per_s: float) -> Violation | None:
    """Why a thousand inferences at average traffic cost more than they may."""
    if budget is None:
        return None
    amount = per_thousand(cost.expected_amount, rate_per_s)
    if isinstance(amount, Unknown):
        return Violation(code="price-unknown", need=f"a price, to keep {budget} a thousand", have=amount.why)
    if amount.currency != budget.currency:
        return Violation(code="price-unknown", need=f"a price in {budget.currency}", have=f"one in {amount.currency}")
    if amount.amount > budget.amount:
        return Violation(code="over-budget-per-thousand", need=budget, have=amount)
    return None


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
        otherwise = "take spec.budget out, or use a target whose prices are known"
        lists = " and ".join(f"infractl prices refresh FILE --target {t}" for t in dict.fromkeys(o.target for o in offers))
        return f"take over the cloud's price list: {lists}; or {otherwise}" if lists else otherwise
    where = " and ".join(f"targets.{target}.price" for target in own)
    if any(offer.tariff for offer in offers):
        return f"declare {where} in infractl.yaml in the budget's currency, or the budget in that of the price"
    return f"declare what the machine costs as {where} in infractl.yaml, or take spec.budget out"


def _line(offer: Offer, rate: Rate, replicas: float) -> CostLine:
    name = f"{rate.name}, all the time" if rate.metric == POWER else rate.name
    usage = _UNITS_A_MONTH[rate.metric, rate.unit] * exact(replicas)
    return CostLine(name=name or offer.name, usage=usage, rate=rate)


def exact(count: float) -> Decimal:
    """A count in decimals, to a millionth of it: more digits say nothing."""
    return Decimal(count) if isinstance(count, int) or count.is_integer() else Decimal(f"{count:.7g}")


def _least(line: CostLine) -> CostLine:
    """The same with the least that it can be."""
    if line.rate.metric != POWER:
        return line
    return CostLine(name=f"{line.rate.name}, none of the time", usage=Decimal(0), rate=line.rate)
