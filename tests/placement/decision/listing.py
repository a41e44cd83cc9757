"""A decision as text: what is chosen, what is feasible and was not, what was refused and why, and what would be feasible."""

from __future__ import annotations

from collections.abc import Iterator

from infractl.domain.figure import Figure
from infractl.domain.placement import Evaluation, Placement
from infractl.domain.unknown import Unknown
from infractl.units import format_bytes, format_duration, format_money, format_rate
from tests.placement.decision.case import Case


def listing(case: Case) -> str:
    chosen, decision = case.chosen, case.decision
    groups = {
        "chosen": [_line(chosen)] if chosen else ["nothing"],
        "feasible": [_line(e) for e in decision.ranked if e is not chosen],
        "dearer": [f"{_name(e)}\n    {e.dominated}" for e in decision.outpriced],
        "refused": [f"{_name(e)}\n" + "\n".join(f"    {v}" for v in e.violations) for e in decision.refused],
        "nearest": [str(near) for near in case.nearest],
    }
    return "\n".join(_text(groups)) + "\n"


def _text(groups: dict[str, list[str]]) -> Iterator[str]:
    for name, lines in groups.items():
        if lines:
            yield f"{name}:"
            yield from (f"  {line}" for line in lines)


def _name(evaluation: Evaluation) -> str:
    offer = evaluation.offer
    return f"{offer.name} at {offer.target} ({offer.region}, {offer.purchase}) with {evaluation.recipe.name}"


def _line(evaluation: Evaluation) -> str:
    placement = evaluation.placement
    assert placement is not None
    dominated = f"\n    {evaluation.dominated}" if evaluation.dominated else ""
    return f"{_name(evaluation)}\n    {_counts(placement)}: {_predicted(placement)}\n    {_cost(placement)}{dominated}"


def _counts(placement: Placement) -> str:
    spot = f", {placement.spot_replicas} of them spot" if placement.spot_replicas else ""
    mean = f", {placement.expected_replicas:.3g} in the mean" if placement.expected_replicas is not None else ""
    return f"{placement.replicas} x ({placement.cut}){spot}{mean}"


def _predicted(placement: Placement) -> str:
    prediction = placement.prediction
    latencies = ", ".join(f"p{p} {_between(figure)}" for p, figure in prediction.latency_s.items())
    rate = f"{format_rate(prediction.rate_per_s)} of {format_rate(prediction.capacity_per_s.low)}"
    return f"{latencies}; {rate}; {format_bytes(prediction.memory_bytes.high)}; {prediction.latency_s[99].basis}"


def _between(figure: Figure) -> str:
    return f"{format_duration(figure.low)}-{format_duration(figure.high)}"


def _cost(placement: Placement) -> str:
    amounts = [placement.cost.floor_amount, placement.cost.expected_amount, placement.cost.ceiling_amount]
    unknown = next((amount.why for amount in amounts if isinstance(amount, Unknown)), None)
    if unknown:
        return f"cost not known: {unknown}"
    return " to ".join(dict.fromkeys(format_money(a) for a in amounts if not isinstance(a, Unknown))) + " a month"
