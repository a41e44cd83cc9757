"""A provider that only offers: one machine at a list price and one at a spot price, and whatever machines are declared.

All compute as this machine does, so that its calibration tells their speed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from infractl.domain.offer import Offer, Purchase, Rate
from infractl.domain.release import Deployment
from infractl.domain.resource import Compiled
from infractl.domain.unknown import Unknown
from infractl.hardware.this_machine import this_chip
from infractl.provider.contract import NOTHING, Context, Kind, Provider, Target
from infractl.provider.schema import Schema


class MarketSettings(BaseModel):
    """The list price of an hour."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hourly: Decimal | None = Field(default=Decimal("0.20"), description="What an hour of its machine costs, if that is known.")


class Market:
    """Satisfies `infractl.provider.contract.Provider`."""

    name: str = "market"
    contract: int = 1
    settings: type[BaseModel] = MarketSettings
    kinds: Mapping[str, Schema] = {}
    takes_machines: bool = True

    def offers(self, target: Target) -> Sequence[Offer]:
        assert isinstance(target.settings, MarketSettings)
        price = target.settings.hourly
        known = price if price is not None else Unknown("small: the market does not say")
        listed = _offer(target, "small", Purchase.on_demand, (_rate(known),))
        spot = _offer(target, "small", Purchase.spot, (_rate(known * 2 if isinstance(known, Decimal) else known),))
        pools = [_offer(target, pool, Purchase.owned, m.tariff, m.count) for pool, m in target.machines.items()]
        return (listed, spot, *pools)

    def read_prices(self, file: Path, target: Target) -> Sequence[Offer]:
        """Its list is one JSON object, with the price of an hour by name."""
        prices = json.loads(file.read_text())
        listed = [o for o in self.offers(target) if o.purchase is Purchase.on_demand and o.name in prices]
        return [replace(o, tariff=(replace(_rate(Decimal(prices[o.name])), date=date(2026, 11, 30)),)) for o in listed]

    def compile(self, deployment: Deployment, target: Target) -> Compiled:
        return NOTHING

    def connect(self, target: Target, context: Context) -> Mapping[str, Kind]:
        return {}


def _rate(price: Decimal | Unknown) -> Rate:
    return Rate(metric="instance", unit="hour", price=price, currency="USD", source="the market's list", date=date(2026, 11, 1))


def _offer(target: Target, name: str, purchase: Purchase, tariff: tuple[Rate, ...], count: int | None = None) -> Offer:
    chip = this_chip()
    return Offer(
        name=name,
        target=target.name,
        chip=chip,
        count=1,
        region="nowhere",
        purchase=purchase,
        tariff=tariff,
        host_memory_bytes=chip.memory_bytes,
        host_cores=chip.cores,
        available=count,
    )


provider: Provider = Market()
