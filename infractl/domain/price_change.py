"""How the price of an offer changes where newer list prices are taken over."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from infractl.domain.offer import Offer, Rate
from infractl.domain.unknown import Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChange:
    """One rate of one offer, before (None: it has no such rate) and after."""

    offer: Offer
    before: Rate | None
    after: Rate

    @property
    def share(self) -> Decimal | None:
        """How much dearer it becomes, as a share of what it was: 0.1 is ten per cent. None where one of both is not known."""
        if self.before is None or isinstance(self.before.price, Unknown) or isinstance(self.after.price, Unknown):
            return None
        return self.after.price / self.before.price - 1 if self.before.price else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRefresh:
    """What newer prices of a target change, how many stay as they are, and the offers that the newer list has no price of."""

    target: str
    changes: tuple[PriceChange, ...]
    same: int
    unpriced: tuple[str, ...]
