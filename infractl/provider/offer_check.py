"""What is wrong with a catalogue of offers as a whole: prices that cannot be, and lines that contradict each other.

Catalogues that others collect have had spot prices above on-demand ones, placeholders such as 700.0, and a price of one region
at twice that of all others: each would make a plan choose what is not for sale at that price.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from statistics import median

from infractl.domain.offer import Purchase
from infractl.domain.unknown import Unknown
from infractl.errors import Diagnostic, Severity
from infractl.provider.offer_row import Row

OUTLIER = Decimal("1.8")
"""How many times the median of all regions a price may be, or the median the price: list prices differ by less."""

PLACEHOLDERS = frozenset({Decimal(700), *(Decimal("9" * digits) for digits in range(3, 9))})
"""Prices that stand in collected catalogues for "not for sale"."""


def check(rows: Sequence[Row]) -> Iterator[Diagnostic]:
    """Everything that is wrong, line by line."""
    yield from (problem for rule in (_placeholder, _twice, _unlike, _dear_spot, _outlier) for problem in rule(rows))


def _placeholder(rows: Sequence[Row]) -> Iterator[Diagnostic]:
    for row in rows:
        price = row.rate.price
        if not isinstance(price, Unknown) and (price <= 0 or price in PLACEHOLDERS):
            yield _problem(
                row,
                "offer-placeholder",
                "a price is one that stands for no price",
                f"{_named(row)}: {price} {row.rate.currency}",
                "write the price, or leave it empty and say why it is not known",
            )


def _twice(rows: Sequence[Row]) -> Iterator[Diagnostic]:
    first: dict[object, Row] = {}
    for row in rows:
        other = first.setdefault((row.offer, row.metered), row)
        if other is not row:
            yield _problem(
                row,
                "offer-twice",
                "a rate is in the catalogue twice",
                f"{_named(row)} stands in line {other.mark.line} too",
                "remove one of the two",
            )


def _unlike(rows: Sequence[Row]) -> Iterator[Diagnostic]:
    first: dict[str, Row] = {}
    for row in rows:
        other = first.setdefault(row.name, row)
        if other.shape != row.shape:
            yield _problem(
                row,
                "offer-unlike",
                "two lines of one offer describe two machines",
                f"{row.name} has another shape in line {other.mark.line}",
                "write the same chip, count, processor and memory in both, or another name",
            )


def _dear_spot(rows: Sequence[Row]) -> Iterator[Diagnostic]:
    listed = {(row.name, row.region, row.metered): row for row in rows if row.purchase is Purchase.on_demand}
    for row in rows:
        regular = listed.get((row.name, row.region, row.metered))
        if row.purchase is Purchase.spot and regular is not None and _above(row, regular.rate.price):
            yield _problem(
                row,
                "offer-spot-dear",
                "a spot price is above the on-demand one",
                f"{_named(row)}: {row.rate.price}, and {regular.rate.price} on demand in line {regular.mark.line}",
                "look both up again: one of them is another machine's or another day's",
            )


def _outlier(rows: Sequence[Row]) -> Iterator[Diagnostic]:
    groups: dict[object, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.name, row.purchase, row.metered, row.rate.currency].append(row)
    for group in groups.values():
        prices = [row.rate.price for row in group if not isinstance(row.rate.price, Unknown)]
        if len(prices) < 2:
            continue
        # Of two regions nobody knows which is right: the dearer one is looked at.
        middle = median(prices) if len(prices) > 2 else min(prices)
        for row in group:
            price = row.rate.price
            if not isinstance(price, Unknown) and (price > OUTLIER * middle or middle > OUTLIER * price):
                yield _problem(
                    row,
                    "offer-outlier",
                    "a price is far from that of other regions",
                    f"{_named(row)}: {price}, where it is {middle} in others",
                    "look it up again, or leave it empty and say why it is not known",
                )


def _above(row: Row, price: Decimal | Unknown) -> bool:
    return not isinstance(row.rate.price, Unknown) and not isinstance(price, Unknown) and row.rate.price > price


def _named(row: Row) -> str:
    return f"{row.name} in {row.region}, {row.purchase.value}, {row.rate.metric} by the {row.rate.unit}"


def _problem(row: Row, slug: str, summary: str, detail: str, remedy: str) -> Diagnostic:
    return Diagnostic(slug=slug, severity=Severity.error, summary=summary, detail=detail, at=row.mark, remedy=remedy)
