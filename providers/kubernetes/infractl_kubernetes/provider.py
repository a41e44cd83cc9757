"""What the entry point `kubernetes` names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from infractl.domain.offer import Offer
from infractl.domain.release import Deployment
from infractl.domain.resource import Compiled
from infractl.hardware import catalogue
from infractl.provider.contract import NOTHING, Context, Kind, Provider, Target
from infractl.provider.machine_offer import machine_offers
from infractl.provider.schema import Schema
from infractl_kubernetes.settings import KubernetesSettings


class KubernetesProvider:
    """Satisfies `infractl.provider.contract.Provider`. It has no kinds yet: it offers, and applies nothing.

    A cluster knows neither how fast its chips are nor what they cost, so that its offers are the pools that are declared.
    """

    name: str = "kubernetes"
    contract: int = 1
    settings: type[BaseModel] = KubernetesSettings
    kinds: Mapping[str, Schema] = {}
    takes_machines: bool = True

    def offers(self, target: Target) -> Sequence[Offer]:
        assert isinstance(target.settings, KubernetesSettings)
        return machine_offers(target, target.settings.region, catalogue)

    def compile(self, deployment: Deployment, target: Target) -> Compiled:
        return NOTHING

    def connect(self, target: Target, context: Context) -> Mapping[str, Kind]:
        return {}


provider: Provider = KubernetesProvider()
