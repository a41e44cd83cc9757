"""The sum of one offer as people read it: every figure with its ends, what it was made of, its basis and its source."""

from __future__ import annotations

from collections.abc import Iterator

from infractl.domain.cost import Cost, CostLine
from infractl.domain.explanation import Working, WorkingLine
from infractl.domain.figure import Figure, quantity_text
from infractl.domain.unknown import Unknown
from infractl.report.amount_text import flops_text
from infractl.report.placement_text import money_text, offer_name
from infractl.report.style import Style
from infractl.units import Money, format_bytes, format_money


def working_lines(working: Working, style: Style) -> Iterator[str]:
    """Sources are numbered, since many figures share one."""
    evaluation = working.evaluation
    offer = evaluation.offer
    chips = f"{offer.count} x {offer.chip.name}" if offer.count > 1 else offer.chip.name
    terms = f"{offer.region}, {offer.purchase.value}"
    yield f"  {'offer':<10} {offer_name(offer)}: {chips} in {terms}, with {evaluation.recipe.name}"
    if working.others:
        yield f"  {'':<10} the best of {working.others + 1} offers of this name"
    verdict = "keeps what is asked" if not evaluation.violations else "refused"
    yield f"  {'verdict':<10} {verdict}"
    yield from (f"  {'':<10} {violation}" for violation in evaluation.violations)
    if working.why:
        yield f"  {'':<10} {working.why}"
    sources = _Sources()
    stage = None
    for line in working.lines:
        if line.stage is not stage:
            stage = line.stage
            yield ""
            yield style.bold(line.stage.value)
        yield _line(line, sources)
    if evaluation.placement:
        yield ""
        yield from _cost(evaluation.placement.cost, sources, style)
    yield ""
    yield style.bold("sources")
    yield from (f"  [{number}] {source}" for source, number in sources.items())


class _Sources(dict[str, int]):
    """Numbers, by source, in the order in which they are first met."""

    def of(self, source: str) -> str:
        return f"[{self.setdefault(source, len(self) + 1)}]"


def _line(line: WorkingLine, sources: _Sources) -> str:
    figure = line.figure
    how = f"  {line.how}" if line.how else ""
    return f"  {line.name:<26} {_figure(figure):<34} {figure.basis.value:<10} {sources.of(figure.source):<4}{how}".rstrip()


def _figure(figure: Figure) -> str:
    value, low, high = (_amount(each, figure.unit) for each in (figure.value, figure.low, figure.high))
    return value if low == value == high else f"{value} ({low} to {high})"


def _amount(value: float, unit: str) -> str:
    match unit:
        case "of the time":
            return f"{value:.0%}"
        case "s" | "1/s" | "B":
            return quantity_text(value, unit)
        case "B/s":
            return f"{format_bytes(value)}/s"
        case "FLOP" | "FLOP/s":
            return flops_text(value) + unit.removeprefix("FLOP")
        case _:
            return f"{value:.4g}"


def _cost(cost: Cost, sources: _Sources, style: Style) -> Iterator[str]:
    yield style.bold("cost a month")
    for name, lines, amount in (
        ("floor", cost.floor, cost.floor_amount),
        ("expected", cost.expected, cost.expected_amount),
        ("ceiling", cost.ceiling, cost.ceiling_amount),
    ):
        yield f"  {name:<10} {money_text(amount)}"
        if name == "expected" or lines != cost.expected:
            yield from (f"    {_cost_line(line, sources)}" for line in lines)


def _cost_line(line: CostLine, sources: _Sources) -> str:
    price = line.rate.price
    rate = "unknown" if isinstance(price, Unknown) else format_money(Money(amount=price, currency=line.rate.currency))
    source = sources.of(f"{line.rate.source}, {line.rate.date}")
    return (
        f"{line.name}: {line.usage:,.6g} x {rate}/{line.rate.unit} = {money_text(line.amount).removesuffix(' a month')} {source}"
    )
