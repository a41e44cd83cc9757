"""A placement on one line, as people read it where several are compared."""

from __future__ import annotations

from infractl.domain.cost import Cost
from infractl.domain.figure import Figure, quantity_text
from infractl.domain.offer import Offer, Purchase
from infractl.domain.placement import Evaluation, Placement, Quantity
from infractl.domain.unknown import Unknown
from infractl.report.value_text import counted
from infractl.units import Money, format_money

_USUAL = (Purchase.on_demand, Purchase.owned)


def offer_name(offer: Offer, *, at_target: bool = True) -> str:
    """`ml.g5.xlarge at aws`; what is not bought as usual says so: `spot ml.g5.xlarge at aws`."""
    bought = "" if offer.purchase in _USUAL else f"{offer.purchase.value} "
    return f"{bought}{offer.name}" + (f" at {offer.target}" if at_target else "")


def monthly_text(cost: Cost) -> str:
    """`298.88 USD a month`, or why that is not known."""
    return money_text(cost.expected_amount)


def money_text(amount: Money | Unknown) -> str:
    return f"cost unknown: {amount.why}" if isinstance(amount, Unknown) else f"{format_money(amount)} a month"


def times_text(times: float | None) -> str:
    """`2.1x`, `1.03x`, `12x`; what costs the same is `as dear`, what is not known nothing."""
    if times is None:
        return ""
    if abs(times - 1) < 0.005:
        return "as dear"
    places = 0 if times >= 9.95 else 1 if times >= 1.095 else 2
    return f"{times:.{places}f}x"


def placed_text(placement: Placement) -> str:
    """`ml.g5.xlarge at aws, 2 replicas, 1029.00 USD a month`."""
    parts = [offer_name(placement.offer), counted(placement.replicas, "replica"), monthly_text(placement.cost)]
    return ", ".join(parts)


def refused_text(evaluation: Evaluation) -> str:
    """Every reason, each with both numbers."""
    return "; ".join(map(str, evaluation.violations))


def p99_text(placement: Placement) -> str:
    return quantity_text(placement.prediction.latency_s[99].value, "s")


def amount_text(amount: Quantity | str) -> str:
    """`20ms`, `1500.00 USD a month`; a text as it is."""
    match amount:
        case Figure():
            return quantity_text(amount.value, amount.unit)
        case Money():
            return money_text(amount)
        case _:
            return amount
