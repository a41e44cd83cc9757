"""What can be bought: a chip, how many, where, on which terms, for how much."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from infractl.domain.chip import Chip
from infractl.domain.unknown import Unknown


class Purchase(StrEnum):
    owned = "owned"
    on_demand = "on-demand"
    spot = "spot"
    savings_plan = "savings-plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """The price of one unit of what is metered: `metric` "instance", `unit` "hour". `name` is what a cost's line is called."""

    metric: str
    unit: str
    price: Decimal | Unknown
    currency: str
    source: str
    date: date
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """`count` chips with their host, at one target. `name` is the provider's word: "ml.g5.xlarge", "this machine"."""

    name: str
    target: str
    chip: Chip
    count: int
    region: str
    purchase: Purchase
    tariff: tuple[Rate, ...]
    host_memory_bytes: int

    @property
    def key(self) -> tuple[str, str, str, Purchase]:
        """What makes it the same offer tomorrow, whatever it costs then."""
        return (self.target, self.name, self.region, self.purchase)
