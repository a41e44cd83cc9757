"""What the entry point `lambda` names: AWS Lambda, of which a catalogue has some sizes of memory, with container images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files

from pydantic import BaseModel

from infractl.domain.offer import Metered, Offer
from infractl.domain.release import Deployment
from infractl.domain.resource import Compiled
from infractl.hardware import catalogue
from infractl.provider.contract import NOTHING, Context, Kind, Provider, Target
from infractl.provider.offer_file import offers_in, read_offers
from infractl.provider.schema import Schema
from infractl_aws.serverless import KEEP_ALIVE_S, START_S, cores
from infractl_aws.settings import LambdaSettings

CONCURRENCY = 1000
"""The quota of concurrent executions that a new account has in a region, recalled."""

TIMEOUT_S = 900.0
"""The longest that a function may run, by its developer guide."""


class LambdaProvider:
    """Satisfies `infractl.provider.contract.Provider`. It has no kinds yet: it offers, and applies nothing."""

    name: str = "lambda"
    contract: int = 1
    settings: type[BaseModel] = LambdaSettings
    kinds: Mapping[str, Schema] = {}

    def offers(self, target: Target) -> Sequence[Offer]:
        assert isinstance(target.settings, LambdaSettings)
        return offers_in(known(), target, target.settings.region)

    def compile(self, deployment: Deployment, target: Target) -> Compiled:
        return NOTHING

    def connect(self, target: Target, context: Context) -> Mapping[str, Kind]:
        return {}


@cache
def known() -> Sequence[Offer]:
    """The catalogue, read and checked once. Raises ProviderError with all that is wrong with it."""
    file = files("infractl_aws") / "lambda.csv"
    read = read_offers(file.read_text(encoding="utf-8"), "infractl_aws/lambda.csv", catalogue)
    return tuple(replace(o, metered=_metered(o)) for o in read)


def _metered(offer: Offer) -> Metered:
    return Metered(cores=cores(offer), keep_alive_s=KEEP_ALIVE_S, start_s=START_S, concurrency=CONCURRENCY, timeout_s=TIMEOUT_S)


provider: Provider = LambdaProvider()
