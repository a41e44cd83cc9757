"""What the entry point `vertex` names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel

from infractl.domain.offer import Offer
from infractl.domain.release import Deployment
from infractl.domain.resource import Compiled
from infractl.provider.contract import NOTHING, Context, Kind, Provider, Target
from infractl.provider.schema import Schema
from infractl_gcp.offers import offers
from infractl_gcp.price_list import read_price_list
from infractl_gcp.settings import VertexSettings


class VertexProvider:
    """Satisfies `infractl.provider.contract.Provider`. It has no kinds yet: it offers, and applies nothing."""

    name: str = "vertex"
    contract: int = 1
    settings: type[BaseModel] = VertexSettings
    kinds: Mapping[str, Schema] = {}

    def offers(self, target: Target) -> Sequence[Offer]:
        assert isinstance(target.settings, VertexSettings)
        return offers(target, target.settings.region)

    def read_prices(self, file: Path, target: Target) -> Sequence[Offer]:
        return read_price_list(file, self.offers(target))

    def compile(self, deployment: Deployment, target: Target) -> Compiled:
        return NOTHING

    def connect(self, target: Target, context: Context) -> Mapping[str, Kind]:
        return {}


provider: Provider = VertexProvider()
