"""What the machines of a target cost by infractl.yaml, put onto the offers that the target's provider makes of them."""

from __future__ import annotations

from collections.abc import Iterable

from infractl.domain.offer import Offer
from infractl.placement.price import at_price
from infractl.workflows.workspace import Workspace


def at_declared_price(workspace: Workspace, target: str, offers: Iterable[Offer]) -> tuple[Offer, ...]:
    """The target's offers as they are paid today: a price in infractl.yaml has no date of its own, and holds when it is read."""
    entry = workspace.loaded.project.targets[target]
    price = entry.price.declared if entry.price else None
    return at_price(offers, price, f"targets.{target}.price in infractl.yaml", workspace.clock.now().date())
