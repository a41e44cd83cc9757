"""Which offers may win if a demand changed, by what was decided: few enough that they can be decided among many times.

What an offer would cost is carried forward from its evaluation in proportion. That only names candidates: each is then evaluated
anew.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from infractl.domain.offer import Offer, Purchase
from infractl.domain.placement import Decision, Evaluation, Placement
from infractl.placement.place import RELAXABLE
from infractl.placement.station import PLANNED_SHARE
from infractl.units import Money

MOST = 6

_FACTORS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0)


def for_traffic(decision: Decision, chosen: Placement) -> Sequence[Offer]:
    """The chosen offer, and those that are among the two cheapest at some multiple of the traffic up to 16."""
    costed = [(e, cost) for e in decision.ranked if (cost := _unit(e, chosen)) is not None]
    found = [chosen.offer]
    for factor in _FACTORS:
        cheapest = sorted(costed, key=lambda each: _at(each[0], each[1], factor))[:2]
        found += [evaluation.offer for evaluation, _ in cheapest]
    return _few(found, decision)


def for_limits(decision: Decision, chosen: Placement) -> Sequence[Offer]:
    """The chosen offer, and those that would cost least if no latency limit kept them from being as busy as is planned for."""
    most = chosen.cost.expected_amount
    if not isinstance(most, Money):
        return ()
    latency = [e for e in decision.refused if {v.code for v in e.violations} <= RELAXABLE]
    costed = [(e, cost) for e in (*decision.ranked, *latency) if (cost := _unit(e, chosen)) is not None]
    least = [(_least(evaluation, unit), evaluation.offer) for evaluation, unit in costed]
    cheaper = sorted((each for each in least if each[0] < float(most.amount)), key=lambda each: each[0])
    return _few([chosen.offer, *(offer for _, offer in cheaper)], decision)


def _few(offers: Iterable[Offer], decision: Decision) -> Sequence[Offer]:
    """The first ones, each once; what may be taken away with the same that is kept for good."""
    few = list({offer.key: offer for offer in offers}.values())[:MOST]
    kept = {e.offer.key: e.offer for e in (*decision.ranked, *decision.refused) if e.offer.purchase is Purchase.on_demand}
    twins = ((o.target, o.name, o.region, Purchase.on_demand) for o in few if o.purchase is Purchase.spot)
    return list({offer.key: offer for offer in (*few, *(kept[key] for key in twins if key in kept))}.values())


def _unit(evaluation: Evaluation, chosen: Placement) -> float | None:
    """What one replica of it costs a month, in the currency of the chosen."""
    placement, currency = evaluation.placement, _currency(chosen)
    cost = placement.cost.expected_amount if placement else None
    if placement is None or not isinstance(cost, Money) or (currency and cost.currency != currency):
        return None
    return float(cost.amount) / (placement.expected_replicas or placement.replicas)


def _currency(chosen: Placement) -> str:
    cost = chosen.cost.expected_amount
    return cost.currency if isinstance(cost, Money) else ""


def _at(evaluation: Evaluation, unit: float, factor: float) -> float:
    placement = evaluation.placement
    assert placement is not None
    if placement.offer.by_the_call:
        return unit * placement.replicas * factor
    each = placement.prediction.capacity_per_s.low / placement.replicas
    rate = factor * placement.prediction.rate_per_s
    return unit * max(1, math.ceil(rate / each)) if each > 0 else math.inf


def _least(evaluation: Evaluation, unit: float) -> float:
    placement = evaluation.placement
    assert placement is not None
    if placement.offer.by_the_call:
        return unit * placement.replicas
    busy = placement.prediction.utilization / PLANNED_SHARE
    return unit * max(1, math.ceil(placement.replicas * busy - 1e-9))
