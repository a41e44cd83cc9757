"""What Vertex AI offers for online prediction, from the catalogue beside this module.

Collected tables give the prices of Compute Engine's machines. Vertex AI is taken to charge 1.15 times those, as each line's
source says: of n1-standard-4 alone Google's own figure was found, and it agrees.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from infractl.domain.offer import Offer
from infractl.hardware import catalogue
from infractl.provider.contract import Target
from infractl.provider.offer_file import offers_in, read_offers


def offers(target: Target, region: str) -> tuple[Offer, ...]:
    """Everything at the target; at an unknown price where the catalogue has none for the region."""
    return offers_in(known(), target, region)


@cache
def known() -> Sequence[Offer]:
    """The catalogue, read and checked once. Raises ProviderError with all that is wrong with it."""
    file = files("infractl_gcp") / "offers.csv"
    return read_offers(file.read_text(encoding="utf-8"), "infractl_gcp/offers.csv", catalogue)
