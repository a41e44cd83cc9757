"""What Vertex AI offers for online prediction, from the catalogue beside this module.

Collected tables give the prices of Compute Engine's machines. Vertex AI is taken to charge 1.15 times those, as each line's
source says: what was seen of Google's own figures (n1-standard-4 on its page, H100 on a bill) agrees.

The clock of a processor is the turbo frequency of all cores by Google's page on CPU platforms: of n2 read there for Cascade Lake,
of c3 recalled. n1 and e2 run on whatever processor there is, so that nothing is said of it. What TPU machines have of vCPU and
memory is recalled.
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
