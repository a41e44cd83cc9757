"""What the entry point `cloud-run` names: Cloud Run, of which a catalogue has some sizes, paid by the request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files

from pydantic import BaseModel

from infractl.domain.figure import Basis, Figure
from infractl.domain.offer import Metered, Offer
from infractl.domain.release import Deployment
from infractl.domain.resource import Compiled
from infractl.hardware import catalogue
from infractl.provider.contract import NOTHING, Context, Kind, Provider, Target
from infractl.provider.offer_file import offers_in, read_offers
from infractl.provider.schema import Schema
from infractl_gcp.settings import CloudRunSettings

CONCURRENCY = 100
"""The most instances that a service may have unless it asks for more, recalled; each is counted as serving one request."""

TIMEOUT_S = 3600.0
"""The longest that a request may take, recalled."""

_KEEP_ALIVE_S = Figure(
    value=600.0, unit="s", low=60.0, high=900.0, basis=Basis.estimated, source="assumed: Google says up to 15 minutes, recalled"
)
_START_S = Figure(
    value=5.0, unit="s", low=1.0, high=30.0, basis=Basis.estimated, source="assumed: Google states no time for a start"
)


class CloudRunProvider:
    """Satisfies `infractl.provider.contract.Provider`. It has no kinds yet: it offers, and applies nothing."""

    name: str = "cloud-run"
    contract: int = 1
    settings: type[BaseModel] = CloudRunSettings
    kinds: Mapping[str, Schema] = {}

    def offers(self, target: Target) -> Sequence[Offer]:
        assert isinstance(target.settings, CloudRunSettings)
        return offers_in(known(), target, target.settings.region)

    def compile(self, deployment: Deployment, target: Target) -> Compiled:
        return NOTHING

    def connect(self, target: Target, context: Context) -> Mapping[str, Kind]:
        return {}


@cache
def known() -> Sequence[Offer]:
    """The catalogue, read and checked once. Raises ProviderError with all that is wrong with it."""
    file = files("infractl_gcp") / "cloud_run.csv"
    read = read_offers(file.read_text(encoding="utf-8"), "infractl_gcp/cloud_run.csv", catalogue)
    return tuple(replace(o, metered=_metered(o)) if o.by_the_call else o for o in read)


def _metered(offer: Offer) -> Metered:
    return Metered(
        cores=float(offer.host_cores),
        keep_alive_s=_KEEP_ALIVE_S,
        start_s=_START_S,
        concurrency=CONCURRENCY,
        timeout_s=TIMEOUT_S,
    )


provider: Provider = CloudRunProvider()
