"""An estimate as people read it: one table of all services, their sum, and what would hold where nothing does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infractl.domain.cost import CostSummary
from infractl.domain.estimate import Estimate, Expectation, ServiceEstimate, Total
from infractl.domain.figure import quantity_text
from infractl.domain.unknown import Unknown
from infractl.report.budget_text import budget_lines
from infractl.report.group_text import names_text
from infractl.report.placement_text import offer_name, refused_text, replicas_text
from infractl.report.style import Style
from infractl.report.table_text import table
from infractl.report.value_text import times
from infractl.units import Money, format_money

_HEAD = ("service", "", "placement", "p99", "asked", "floor", "expected", "ceiling")
_RIGHT = (5, 6, 7)


def estimate_text(estimate: Estimate, style: Style = Style()) -> str:  # noqa: B008 - frozen
    """A month of each service; where values are tried out, a line as declared and one with them."""
    tried = f", what if {', '.join(estimate.what_if)}" if estimate.what_if else ""
    lines = [style.bold(f"Estimate of {estimate.project} in {estimate.environment}, a month at declared traffic{tried}"), ""]
    rows = [row for service in estimate.services for row in _rows(service)]
    lines += table(_HEAD, [*rows, *_totals(estimate)], right=_RIGHT)
    lines += [line for service in estimate.services for line in _tokens(service, style)]
    lines += [line for service in estimate.services for line in _infeasible(service, style)]
    lines += ["", *_notes(estimate)] if list(_notes(estimate)) else []
    lines += ["", *budget_lines(estimate.budgets, style)] if estimate.budgets else []
    return "\n".join(lines) + "\n"


def _rows(service: ServiceEstimate) -> Iterator[tuple[str, ...]]:
    name = service.key.service
    if service.baseline is None:
        yield (name, "", *_cells(service.outcome))
        return
    yield (name, "declared", *_cells(service.baseline))
    yield ("", "what if", *_cells(service.outcome))


def _cells(outcome: Expectation) -> tuple[str, ...]:
    """Placement, p99 at the slow end of what is likely, and the month."""
    asked = outcome.slo.get("p99", "")
    placement = outcome.placement
    if placement is None:
        return ("nothing keeps what is asked", "", asked, "", "", "")
    figure = placement.prediction.latency_s[99]
    p99 = f"{quantity_text(figure.value, 's')}, up to {quantity_text(figure.high, 's')}"
    many = replicas_text(placement).rstrip(",")
    return (f"{offer_name(placement.offer)}, {many}", p99, asked, *_month(outcome.cost))


def _month(cost: CostSummary | None) -> tuple[str, str, str]:
    amounts = (cost.floor, cost.expected, cost.ceiling) if cost else ()
    floor, expected, ceiling = ("unknown" if isinstance(amount, Unknown) else format_money(amount) for amount in amounts)
    return (floor, expected, ceiling)


def _totals(estimate: Estimate) -> Iterator[tuple[str, ...]]:
    if len(estimate.services) < 2:
        return
    if estimate.baseline_total is None:
        yield ("total", "", "", "", "", *_sums(estimate.total))
        return
    yield ("total", "declared", "", "", "", *_sums(estimate.baseline_total))
    yield ("", "what if", "", "", "", *_sums(estimate.total))


def _sums(total: Total) -> tuple[str, str, str]:
    return (_sum(total.floor), _sum(total.expected), _sum(total.ceiling))


def _sum(amounts: Sequence[Money]) -> str:
    return " + ".join(map(format_money, amounts)) or "unknown"


def _tokens(service: ServiceEstimate, style: Style) -> Iterator[str]:
    """The times of a language model's tokens that something is asked of; its p99 in the table is that of whole answers."""
    placement = service.outcome.placement
    if placement is None or not placement.prediction.ttft_s:
        return
    yield ""
    yield style.bold(f"{service.key.service}: p99 is of whole answers; of their tokens")
    for name, figure in times(placement.prediction):
        if " " in name and ((asked := service.outcome.slo.get(name)) or name.endswith("99")):
            limit = f", asked {asked}" if asked else ""
            yield f"  {name:<9} {quantity_text(figure.value, 's')}, up to {quantity_text(figure.high, 's')}{limit}"


def _infeasible(service: ServiceEstimate, style: Style) -> Iterator[str]:
    outcome = service.outcome
    if outcome.placement is not None:
        return
    yield ""
    yield style.bold(f"{service.key.service}: nothing keeps what is asked")
    if near := outcome.refused:
        yield f"  the nearest is {offer_name(near.offer)}: {refused_text(near)}"
    for holds in outcome.nearest:
        yield f"  this would hold: {holds}"
    yield f"  all reasons: infractl explain {service.key.service}"


def _notes(estimate: Estimate) -> Iterator[str]:
    if estimate.total.unknown:
        yield f"In no sum, since no price is known: {names_text(estimate.total.unknown)}"
    if estimate.total.infeasible:
        yield f"In no sum, since nothing keeps what is asked: {names_text(estimate.total.infeasible)}"
    if estimate.what_if and all(not service.given for service in estimate.services):
        yield "Nothing changes: the documents say so already"
