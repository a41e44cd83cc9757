"""An explanation as people read it: what was chosen, what else there was, and what would change the choice."""

from __future__ import annotations

from collections.abc import Iterator

from infractl.domain.explanation import CostPoint, Explanation, Saving, Turn
from infractl.domain.figure import quantity_text
from infractl.domain.placement import Placement
from infractl.domain.unknown import Unknown
from infractl.report.cost_text import cost_rows
from infractl.report.placement_text import (
    amount_text,
    money_text,
    monthly_text,
    offer_name,
    placed_text,
    refused_text,
    replicas_text,
    times_text,
)
from infractl.report.style import Style
from infractl.report.table_text import table
from infractl.report.value_text import counted, figure_text, predicted_at, times
from infractl.report.working_text import working_lines
from infractl.units import format_money, format_rate

_MOST_POINTS = 10
"""Rows of the front that a person reads; the JSON document has all."""


def explanation_text(explanation: Explanation, style: Style = Style()) -> str:  # noqa: B008 - frozen
    if explanation.working:
        return "\n".join([_title(explanation, style), *working_lines(explanation.working, style)]) + "\n"
    sections = (
        ("", _chosen(explanation)),
        ("What was refused", _classes(explanation)),
        ("What a measurement would settle", _unsettled(explanation)),
        ("What would hold", (f"  {near}" for near in explanation.nearest)),
        ("What would change the choice", _sensitivity(explanation)),
        (f"Cost against {p99_of(explanation)}", _front(explanation)),
    )
    lines = [_title(explanation, style)]
    for head, found in sections:
        if rows := list(found):
            lines += [*(["", style.bold(head)] if head else []), *rows]
    return "\n".join(lines) + "\n"


def _title(explanation: Explanation, style: Style) -> str:
    asked = [f"{name} {value}" for name, value in explanation.slo.items()]
    asked += [f"{name} traffic {value}" for name, value in explanation.traffic.items()]
    asked += [f"at most {format_money(explanation.budget)} a month"] if explanation.budget else []
    wanted = f", asked for {', '.join(asked)}" if asked else ", nothing asked of it"
    return style.bold(f"{explanation.key.service}: version {explanation.version}{wanted}")


def _chosen(explanation: Explanation) -> Iterator[str]:
    placement = explanation.chosen
    if placement is None:
        yield f"  {'chosen':<10} nothing: none of {counted(explanation.offers, 'offer')} keeps what is asked"
        return
    yield f"  {'chosen':<10} {offer_name(placement.offer)}: {placement.offer.chip.name}, {placement.recipe.name}"
    yield f"  {'':<10} {replicas_text(placement)} of {placement.cut}"
    yield f"  {'why':<10} {_why(explanation)}"
    prediction = placement.prediction
    yield f"  {'predicted':<10} {predicted_at(prediction)}, {prediction.latency_s[99].basis}"
    for name, figure in times(prediction):
        asked = explanation.slo.get(name)
        yield f"  {name:<10} {figure_text(figure)}" + (f", asked {asked}" if asked else "")
    yield f"  {'capacity':<10} {figure_text(prediction.capacity_per_s)}"
    yield from (f"  {name:<10} {text}" for name, text in cost_rows(placement.cost, explanation.cost))
    if explanation.next_best:
        yield f"  {'next':<10} {_next(explanation)}"


def _why(explanation: Explanation) -> str:
    feasible = sum(outcome.feasible for outcome in explanation.classes)
    if explanation.kept:
        return "it is deployed so, and nothing that keeps what is asked is cheaper by more than the tolerance"
    if feasible == 1:
        return f"the only one of {counted(explanation.offers, 'offer')} that keeps what is asked"
    assert explanation.chosen is not None
    if isinstance(explanation.chosen.cost.expected_amount, Unknown):
        return f"the simplest of {feasible} of {counted(explanation.offers, 'offer')} that keep what is asked; no price is known"
    return f"the cheapest of {feasible} of {counted(explanation.offers, 'offer')} that keep what is asked"


def _next(explanation: Explanation) -> str:
    assert explanation.next_best is not None
    times = times_text(explanation.times)
    return placed_text(explanation.next_best) + (f", {times}" if times else "")


def _classes(explanation: Explanation) -> Iterator[str]:
    rows = []
    for outcome in explanation.classes:
        kept = f"{outcome.feasible} of {outcome.feasible + outcome.refused} keep it"
        if near := outcome.nearest:
            rows.append((outcome.hardware_class.value, kept, f"{offer_name(near.offer)}: {refused_text(near)}"))
        else:
            rows.append((outcome.hardware_class.value, kept, "none was refused"))
    if rows:
        yield from table(("class", "offers", "the nearest that was refused, and why"), rows)


def _unsettled(explanation: Explanation) -> Iterator[str]:
    for one in explanation.unsettled:
        least = "" if isinstance(one.least, Unknown) else f", from {format_money(one.least)} a month"
        how = one.remedy or "it has to be measured there, which infractl bench cannot do yet"
        yield f"  {offer_name(one.offer)} may keep {amount_text(one.need)}{least}: {how}"
    if any(one.remedy for one in explanation.unsettled):
        yield "  infractl bench measures what is applied at a local target; that scales what is computed for other processors."


def _sensitivity(explanation: Explanation) -> Iterator[str]:
    found = explanation.sensitivity
    if found is None:
        return
    if explanation.traffic and not found.turns:
        yield f"  traffic    the choice stays up to {found.stays_to:g} times the traffic"
    before = explanation.chosen
    for turn in found.turns:
        yield f"  {'traffic':<10} {_turn(turn, before)}"
        before = turn.chosen
    for saving in found.savings:
        yield f"  {saving.relaxed[0].limit:<10} {_saving(saving)}"
    saved = {saving.relaxed[0].limit for saving in found.savings}
    for name in explanation.slo:
        if "throughput" not in name and name not in saved:
            yield f"  {name:<10} relaxing it up to 4 times saves nothing to speak of"


def _turn(turn: Turn, before: Placement | None) -> str:
    at = f"at {turn.factor:.2g} times the traffic, {format_rate(turn.rate_per_s)},"
    if turn.chosen is None:
        return f"{at} nothing keeps what is asked"
    hardware_class = turn.chosen.offer.chip.hardware_class
    other = before is None or before.offer.chip.hardware_class is not hardware_class
    wins = (
        f"{hardware_class.value.upper()} wins with {offer_name(turn.chosen.offer)}"
        if other
        else f"{offer_name(turn.chosen.offer)} wins"
    )
    return f"{at} {wins}: {replicas_text(turn.chosen).rstrip(',')}, {monthly_text(turn.chosen.cost)}"


def _saving(saving: Saving) -> str:
    first, *others = saving.relaxed
    what = " and ".join(["it", *(other.limit for other in others)])
    placed = f"{offer_name(saving.chosen.offer)}, {replicas_text(saving.chosen).rstrip(',')}"
    return f"relax {what} to {amount_text(first.to)} and save {saving.share:.0%}, {money_text(saving.saves)}: {placed}"


def _front(explanation: Explanation) -> Iterator[str]:
    front = [point for point in explanation.points if point.on_front]
    if len(explanation.points) < 2:
        return
    rows = [_row(point) for point in front[:_MOST_POINTS]]
    yield from table(("a month", "p99 up to", "class", "offer", ""), rows, right=(0, 1))
    left = len(front) - _MOST_POINTS
    more = f"; --format json has {left} more" if left > 0 else ""
    beaten = len(explanation.points) - len(front)
    yield f"  Each is the cheapest that is so fast; {beaten} others cost more and are slower{more}."


def p99_of(explanation: Explanation) -> str:
    """What a point's p99 is of: a language model is asked for that of tokens, and what lasts is the whole answer."""
    return "p99 of whole answers" if explanation.chosen and explanation.chosen.prediction.ttft_s else "p99"


def _row(point: CostPoint) -> tuple[str, ...]:
    offer = f"{point.offer} at {point.target}, {point.recipe}"
    offer = f"{point.replicas} x {offer}" if point.replicas and point.replicas > 1 else offer
    p99 = quantity_text(point.p99_s, "s")
    return (format_money(point.monthly), p99, point.hardware_class.value, offer, "chosen" if point.chosen else "")
