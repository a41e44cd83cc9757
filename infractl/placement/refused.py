"""What was refused, as a reader asks for it: by hardware class the nearest miss, and what a measurement would settle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from infractl.domain.explanation import ClassOutcome, Unsettled
from infractl.domain.figure import Figure
from infractl.domain.hardware_class import HardwareClass
from infractl.domain.placement import Decision, Evaluation, Placement, Violation
from infractl.domain.unknown import Unknown
from infractl.placement.place import RELAXABLE
from infractl.units import Money

MOST_UNSETTLED = 3
"""Whoever measures starts with what would save most."""

_BY_MONEY = frozenset({"over-budget", "price-unknown"})


def class_outcomes(decision: Decision) -> tuple[ClassOutcome, ...]:
    """Of each class that was offered, in the order in which classes are declared."""
    found = []
    for hardware_class in HardwareClass:
        ranked = [e for e in decision.ranked if e.offer.chip.hardware_class is hardware_class]
        refused = [e for e in decision.refused if e.offer.chip.hardware_class is hardware_class]
        if ranked or refused:
            nearest = min(refused, key=_distance, default=None)
            feasible = {e.offer.key for e in ranked}
            missed = {e.offer.key for e in refused} - feasible
            found.append(
                ClassOutcome(hardware_class=hardware_class, feasible=len(feasible), refused=len(missed), nearest=nearest)
            )
    return tuple(found)


def unsettled(decision: Decision, chosen: Placement | None) -> tuple[Unsettled, ...]:
    """What only a measurement keeps back, of each chip the one that would save most; what would save nothing is left out."""
    found: dict[str, Unsettled] = {}
    for evaluation, violation in _needing(decision.refused):
        saves = _saves(evaluation, chosen)
        one = Unsettled(offer=evaluation.offer, command=violation.remedy, need=violation.need, have=violation.have, saves=saves)
        before = found.get(evaluation.offer.chip.name)
        if (isinstance(saves, Unknown) or saves.amount > 0) and (before is None or _amount(saves) > _amount(before.saves)):
            found[evaluation.offer.chip.name] = one
    ordered = sorted(found.values(), key=lambda one: -_amount(one.saves))
    return tuple(ordered[:MOST_UNSETTLED])


def _needing(refused: Sequence[Evaluation]) -> Iterator[tuple[Evaluation, Violation]]:
    for evaluation in refused:
        codes = {violation.code for violation in evaluation.violations}
        if codes == {"needs-measurement"}:
            yield evaluation, evaluation.violations[0]


def _saves(evaluation: Evaluation, chosen: Placement | None) -> Money | Unknown:
    if chosen is None:
        return Unknown("nothing is chosen that it could be compared with")
    if evaluation.placement is None:
        return Unknown(f"what {evaluation.offer.name} would cost is not computed")
    cost, least = evaluation.placement.cost.expected_amount, chosen.cost.expected_amount
    if isinstance(cost, Unknown):
        return cost
    if isinstance(least, Unknown):
        return least
    if cost.currency != least.currency:
        return Unknown(f"prices in {cost.currency} and {least.currency}")
    return Money(amount=least.amount - cost.amount, currency=cost.currency)


def _amount(money: Money | Unknown) -> Decimal:
    return money.amount if isinstance(money, Money) else Decimal(0)


def _distance(evaluation: Evaluation) -> tuple[int, float, bool, Decimal]:
    """How far it is from being feasible: first by what stands against it, then by how much, then by what it costs."""
    codes = {violation.code for violation in evaluation.violations}
    placement = evaluation.placement
    cost = placement.cost.expected_amount if placement else Unknown("not computed")
    sort = 0 if codes <= RELAXABLE else 1 if codes <= RELAXABLE | _BY_MONEY else 2
    return (sort, max(map(excess, evaluation.violations)), isinstance(cost, Unknown), _amount(cost))


def excess(violation: Violation) -> float:
    """How many times too much there is, or too little; infinite where it is no number."""
    need, have = violation.need, violation.have
    if isinstance(need, Money) and isinstance(have, Money) and need.currency == have.currency and need.amount:
        return float(have.amount / need.amount)
    if isinstance(need, Figure) and isinstance(have, Figure):
        if need.unit in ("1/s", "B", "replicas"):
            return need.value / have.low if have.low > 0 else float("inf")
        return have.high / need.value if need.value > 0 else float("inf")
    return float("inf")
