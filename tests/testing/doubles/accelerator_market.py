"""A provider that sells an accelerator by the hour, and makes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from pydantic import BaseModel

from infractl.domain.offer import Offer, Purchase, Rate
from infractl.domain.release import Deployment
from infractl.domain.resource import Compiled
from infractl.hardware import catalogue
from infractl.provider.contract import NOTHING, Context, Kind, Provider, Target
from infractl.provider.schema import Schema


class Settings(BaseModel):
    """None."""


class AcceleratorMarket:
    """Satisfies `infractl.provider.contract.Provider`."""

    name: str = "accelerators"
    contract: int = 1
    settings: type[BaseModel] = Settings
    kinds: Mapping[str, Schema] = {}

    def offers(self, target: Target) -> Sequence[Offer]:
        rate = Rate(
            metric="instance", unit="hour", price=Decimal("0.50"), currency="USD", source="a market", date=date(2026, 11, 24)
        )
        return (
            Offer(
                name="one",
                target=target.name,
                chip=catalogue.chip("L4"),
                count=1,
                region="nowhere",
                purchase=Purchase.on_demand,
                tariff=(rate,),
                host_memory_bytes=16 * 2**30,
                host_cores=4,
            ),
        )

    def compile(self, deployment: Deployment, target: Target) -> Compiled:
        return NOTHING

    def connect(self, target: Target, context: Context) -> Mapping[str, Kind]:
        return {}


provider: Provider = AcceleratorMarket()
