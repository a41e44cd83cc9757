"""What a contract of one's own takes off list prices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from infractl.domain.offer import Offer, Purchase, Rate
from infractl.domain.unknown import Unknown

LISTED = frozenset({Purchase.on_demand, Purchase.savings_plan})
"""What has a list price: spot is sold at the market's, and what is owned at its own."""


def discounted(offers: Iterable[Offer], share: float, source: str) -> tuple[Offer, ...]:
    """The offers with `share` (0 to 1) taken off their list prices, and that said of each rate. `source`: where it is agreed."""
    if not share:
        return tuple(offers)
    kept = 1 - Decimal(repr(share))
    taken = f"less {(100 * (1 - kept)).normalize():f}%"
    return tuple(
        replace(offer, tariff=tuple(_less(offer, rate, kept, taken, source) for rate in offer.tariff))
        if offer.purchase in LISTED
        else offer
        for offer in offers
    )


def _less(offer: Offer, rate: Rate, kept: Decimal, taken: str, source: str) -> Rate:
    if isinstance(rate.price, Unknown):
        return rate
    name = f"{rate.name or offer.name}, {taken}"
    return replace(rate, name=name, price=rate.price * kept, source=f"{rate.source}; {taken} by {source}")
