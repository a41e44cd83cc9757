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

from infractl.domain.figure import Basis, Figure
from infractl.domain.offer import Metered, Offer
from infractl.hardware import catalogue
from infractl.provider.contract import Target
from infractl.provider.offer_file import GIB, offers_in, read_offers

CONCURRENCY = 200
"""The largest MaxConcurrency of a ServerlessConfig, by the service model of botocore."""

TIMEOUT_S = 60.0
"""How long a model may take to answer, by the developer guide."""

GIB_A_CORE = 1.769
"""Memory that one virtual processor comes with, as AWS Lambda states it; of SageMaker only that it grows with memory."""

_KEEP_ALIVE_S = Figure(
    value=300.0, unit="s", low=60.0, high=900.0, basis=Basis.estimated, source="assumed: AWS states no time after which it stops"
)
_START_S = Figure(
    value=10.0,
    unit="s",
    low=2.0,
    high=60.0,
    basis=Basis.estimated,
    source="assumed: AWS states that it grows with the image",
)


def offers(target: Target, region: str) -> tuple[Offer, ...]:
    """Everything at the target; at an unknown price where the catalogue has none for the region."""
    return offers_in(known(), target, region)


@cache
def known() -> Sequence[Offer]:
    """The catalogue, read and checked once. Raises ProviderError with all that is wrong with it."""
    file = files("infractl_aws") / "offers.csv"
    read = read_offers(file.read_text(encoding="utf-8"), "infractl_aws/offers.csv", catalogue)
    return tuple(_metered(offer) if offer.by_the_call else offer for offer in read)


def _metered(offer: Offer) -> Offer:
    cores = offer.host_memory_bytes / GIB / GIB_A_CORE
    metered = Metered(cores=cores, keep_alive_s=_KEEP_ALIVE_S, start_s=_START_S, concurrency=CONCURRENCY, timeout_s=TIMEOUT_S)
    return replace(offer, metered=metered)
