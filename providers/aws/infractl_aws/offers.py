"""What SageMaker offers, from the catalogue beside this module.

Shapes of instances are those of moto 5.2.5 (`ec2/resources/instance_types.json.gz`), but p3, which is recalled. Each price has
its source in the catalogue. There are no spot prices, since endpoints cannot be bought so, and none of Savings Plans, which
depend on what an account commits to: write those as the target's `discount`. Asynchronous endpoints pay what real-time ones do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files

from infractl.domain.offer import Metered, Offer
from infractl.hardware import catalogue
from infractl.provider.contract import Target
from infractl.provider.offer_file import offers_in, read_offers
from infractl_aws.serverless import KEEP_ALIVE_S, START_S, cores

CONCURRENCY = 200
"""The largest MaxConcurrency of a ServerlessConfig, by the service model of botocore."""

TIMEOUT_S = 60.0
"""How long a model may take to answer, by the developer guide."""


def offers(target: Target, region: str) -> tuple[Offer, ...]:
    """Everything at the target; at an unknown price where the catalogue has none for the region."""
    return offers_in(known(), target, region)


@cache
def known() -> Sequence[Offer]:
    """The catalogue, read and checked once. Raises ProviderError with all that is wrong with it."""
    file = files("infractl_aws") / "offers.csv"
    read = read_offers(file.read_text(encoding="utf-8"), "infractl_aws/offers.csv", catalogue)
    return tuple(replace(o, metered=_metered(o)) if o.by_the_call else o for o in read)


def _metered(offer: Offer) -> Metered:
    return Metered(cores=cores(offer), keep_alive_s=KEEP_ALIVE_S, start_s=START_S, concurrency=CONCURRENCY, timeout_s=TIMEOUT_S)
