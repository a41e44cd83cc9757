"""What services cost together, and the budgets that they share by their labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from infractl.domain.unknown import Unknown
from infractl.units import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCost:
    """What a service is expected to cost a month. `recorded`: it is not planned now, and costs what it did when applied."""

    service: str
    labels: Mapping[str, str]
    monthly: Money | Unknown
    recorded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetStanding:
    """A budget of infractl.yaml, the `number`th from 0, and what the services with its labels cost together.

    `total` is unknown as soon as one of them is, or is in another currency. `recorded` are those of `services` that were counted
    as they were applied.
    """

    number: int
    labels: Mapping[str, str]
    monthly: Money
    total: Money | Unknown
    services: tuple[str, ...]
    recorded: tuple[str, ...]

    @property
    def kept(self) -> bool:
        """An unknown price keeps no budget."""
        return isinstance(self.total, Money) and self.total.amount <= self.monthly.amount
