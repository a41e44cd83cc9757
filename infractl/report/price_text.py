"""What newer list prices change, as people read it."""

from __future__ import annotations

from infractl.domain.offer import Rate
from infractl.domain.price_change import PriceChange, PriceRefresh
from infractl.domain.unknown import Unknown
from infractl.report.style import Style
from infractl.report.table_text import table
from infractl.report.value_text import counted
from infractl.units import Money, format_money

_MOST_NAMES = 10
_LARGE = 0.2
"""A price that moves by so much is worth a second look."""


def price_text(refresh: PriceRefresh, style: Style) -> str:
    """One line for each price that changes, then how many stay and which offers the list has none of."""
    lines = []
    if refresh.changes:
        head, *rows = table(("offer", "of", "was", "is", ""), [_row(change, style) for change in refresh.changes])
        lines += [style.bold(head), *rows, ""]
    changed = f"{counted(len(refresh.changes), 'price')} of {refresh.target} changed, {refresh.same:,} the same."
    lines.append(f"{changed} They are in prices.lock.yaml now.")
    if refresh.unpriced:
        lines.append(f"Not in the list: {_names(refresh.unpriced)}. What was known of them stays.")
    return "\n".join(lines) + "\n"


def _row(change: PriceChange, style: Style) -> tuple[str, ...]:
    after = change.after
    before = _price(change.before) if change.before else "nothing"
    share = change.share
    moved = "" if share is None else f"{float(share):+.1%}"
    told = style.yellow(moved) if share is not None and abs(share) >= _LARGE else moved
    return (change.offer.name, f"{change.offer.purchase.value}, {after.metric} by the {after.unit}", before, _price(after), told)


def _price(rate: Rate) -> str:
    if isinstance(rate.price, Unknown):
        return "unknown"
    return f"{format_money(Money(amount=rate.price, currency=rate.currency))} of {rate.date}"


def _names(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:_MOST_NAMES])
    return shown if len(names) <= _MOST_NAMES else f"{shown} and {len(names) - _MOST_NAMES} more"
