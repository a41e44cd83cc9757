"""What AWS's serverless products have in common: the processor that memory comes with, and what is assumed of starts."""

from __future__ import annotations

from infractl.domain.figure import Basis, Figure
from infractl.domain.offer import Offer

MIB_A_CORE = 1769
"""Memory that one virtual processor comes with, as the developer guide of Lambda states it; of SageMaker only that it grows."""

KEEP_ALIVE_S = Figure(
    value=300.0, unit="s", low=60.0, high=900.0, basis=Basis.estimated, source="assumed: AWS states no time after which it stops"
)
START_S = Figure(
    value=10.0, unit="s", low=2.0, high=60.0, basis=Basis.estimated, source="assumed: AWS states that it grows with the image"
)


def cores(offer: Offer) -> float:
    """The share of processor that an offer's memory comes with, in virtual processors."""
    return offer.host_memory_bytes / 2**20 / MIB_A_CORE
