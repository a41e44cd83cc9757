"""This machine as an offer. Nothing is metered on it: its tariff is empty. One server runs on it, and no second replica."""

from __future__ import annotations

from infractl.domain.offer import Offer, Purchase
from infractl.hardware.this_machine import this_chip


def offer(target: str) -> Offer:
    """The machine that this process runs on."""
    chip = this_chip()
    return Offer(
        name="this machine",
        target=target,
        chip=chip,
        count=1,
        region="local",
        purchase=Purchase.owned,
        tariff=(),
        host_memory_bytes=chip.memory_bytes,
        host_cores=chip.cores,
        available=1,
    )
