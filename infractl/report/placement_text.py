"""A placement on one line, as people read it where several are compared."""

from __future__ import annotations

from infractl.domain.cost import Cost
from infractl.domain.figure import Figure, quantity_text
from infractl.domain.offer import Mode, Offer, Purchase
from infractl.domain.placement import Decision, Evaluation, Placement, Quantity, times_as_dear
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


def replicas_text(placement: Placement) -> str:
    """How many stand there at peak traffic, and what of them is not there all the time or not for good."""
    if placement.mode is Mode.serverless:
        return f"by the call, {placement.replicas:,} at once at peak traffic,"
    besides = []
    if placement.least_replicas is not None and placement.expected_replicas is not None:
        besides.append(f"{placement.least_replicas:,} at least, {placement.expected_replicas:.1f} on average")
    if placement.spot_replicas:
        besides.append(f"{placement.spot_replicas:,} on spot capacity")
    return counted(placement.replicas, "replica") + (f" ({', '.join(besides)})" if besides else "")


def why_text(decision: Decision, chosen: Placement) -> str:
    """Why this one of several, and what comes next at which price; "" where there was no choice."""
    if decision.evaluated < 2:
        return ""
    if decision.feasible < 2:
        return f"the only one of {decision.evaluated} placements that keeps what is asked"
    best = decision.ranked[0].placement
    kept = f"{decision.feasible} of {decision.evaluated} placements that keep what is asked"
    if best is not None and best != chosen:
        return f"deployed so; of {kept} none is cheaper by more than the tolerance{_next(decision, chosen)}"
    what = "simplest" if isinstance(chosen.cost.expected_amount, Unknown) else "cheapest"
    return f"the {what} of {kept}{_next(decision, chosen)}"


def _next(decision: Decision, chosen: Placement) -> str:
    """`; next: ml.g5.xlarge, 1029.00 USD a month, 2.1x`."""
    other = decision.next_best(chosen)
    if other is None:
        return ""
    times = times_text(times_as_dear(chosen, other))
    where = offer_name(other.offer, at_target=other.offer.target != chosen.offer.target)
    return f"; next: {where}, {monthly_text(other.cost)}" + (f", {times}" if times else "")


def placed_text(placement: Placement) -> str:
    """`ml.g5.xlarge at aws, 2 replicas, 1029.00 USD a month`."""
    parts = [offer_name(placement.offer), replicas_text(placement).rstrip(","), monthly_text(placement.cost)]
    return ", ".join(parts)


def refused_text(evaluation: Evaluation) -> str:
    """Every reason, each with both numbers."""
    return "; ".join(map(str, evaluation.violations))


def amount_text(amount: Quantity | str) -> str:
    """`20ms`, `1500.00 USD a month`; a text as it is."""
    match amount:
        case Figure():
            return quantity_text(amount.value, amount.unit)
        case Money():
            return money_text(amount)
        case _:
            return amount
