"""What was refused, as a reader asks for it: by hardware class the nearest miss, and what a measurement would settle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from infractl.domain.explanation import ClassOutcome, Unsettled
from infractl.domain.figure import Figure
from infractl.domain.hardware_class import HardwareClass
from infractl.domain.placement import Decision, Evaluation, Placement, Violation
from infractl.domain.unknown import Unknown
from infractl.placement.gates import hardware_class
from infractl.placement.price import monthly_cost
from infractl.units import Money

MOST_UNSETTLED = 3
"""Whoever measures starts with what is likely to cost least."""

RELAXABLE = frozenset(
    {
        "p50-over-slo",
        "p95-over-slo",
        "p99-over-slo",
        "service-time-over-slo",
        "needs-measurement",
        "throughput-short",
        "unstable",
    }
)
"""Violations that a longer limit or a lower rate would mend."""

_BY_MONEY = frozenset({"over-budget", "over-budget-per-thousand", "price-unknown"})


def class_outcomes(decision: Decision) -> tuple[ClassOutcome, ...]:
    """Of each class that was offered, in the order in which classes are declared."""
    found = []
    for sort in HardwareClass:
        ranked = [e for e in (*decision.ranked, *decision.outpriced) if hardware_class(e.offer) is sort]
        refused = [e for e in decision.refused if hardware_class(e.offer) is sort]
        if ranked or refused:
            nearest = nearest_miss(refused)
            feasible = {e.offer.key for e in ranked}
            missed = {e.offer.key for e in refused} - feasible
            found.append(ClassOutcome(hardware_class=sort, feasible=len(feasible), refused=len(missed), nearest=nearest))
    return tuple(found)


def nearest_miss(refused: Sequence[Evaluation]) -> Evaluation | None:
    """What comes nearest to being feasible."""
    return min(refused, key=_distance, default=None)


def nearest_first(refused: Sequence[Evaluation]) -> list[Evaluation]:
    """Of what comes as near in the order in which it is given."""
    return sorted(refused, key=_distance)


def unsettled(decision: Decision, chosen: Placement | None) -> tuple[Unsettled, ...]:
    """What only a measurement keeps back and one replica of which costs less than the chosen does: of each sort of chip one."""
    most = chosen.cost.expected_amount if chosen else None
    found: dict[str, Unsettled] = {}
    for evaluation, violation in _needing(decision.refused):
        offer = evaluation.offer
        least = Unknown(f"{offer.name} is paid by the call") if offer.by_the_call else monthly_cost(offer, 1).expected_amount
        one = Unsettled(offer=offer, remedy=violation.remedy, need=violation.need, have=violation.have, least=least)
        before = found.get(offer.chip.family or offer.chip.name)
        if _may_save(least, most) and (before is None or _amount(least) < _amount(before.least)):
            found[offer.chip.family or offer.chip.name] = one
    ordered = sorted(found.values(), key=lambda one: (isinstance(one.least, Unknown), _amount(one.least)))
    return tuple(ordered[:MOST_UNSETTLED])


def _needing(refused: Sequence[Evaluation]) -> Iterator[tuple[Evaluation, Violation]]:
    for evaluation in refused:
        if {violation.code for violation in evaluation.violations} == {"needs-measurement"}:
            yield evaluation, evaluation.violations[0]


def _may_save(least: Money | Unknown, most: Money | Unknown | None) -> bool:
    if not isinstance(most, Money):
        return True
    return isinstance(least, Money) and least.currency == most.currency and least.amount < most.amount


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
