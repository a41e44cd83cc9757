"""What a service costs a month, as a floor, an expected sum and a ceiling, each made of named lines."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from infractl.domain.offer import Rate
from infractl.domain.unknown import Unknown
from infractl.units import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """`usage` units at `rate`."""

    name: str
    usage: Decimal
    rate: Rate

    @property
    def amount(self) -> Money | Unknown:
        if isinstance(self.rate.price, Unknown):
            return self.rate.price
        return Money(amount=self.usage * self.rate.price, currency=self.rate.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """A month at minimum, average and peak traffic.

    No lines means that nothing is metered there, and `why` says so: it is unknown, not 0.
    """

    floor: tuple[CostLine, ...]
    expected: tuple[CostLine, ...]
    ceiling: tuple[CostLine, ...]
    why: str = ""

    @property
    def expected_amount(self) -> Money | Unknown:
        """The expected sum; unknown as soon as one line is, or where the lines are in several currencies."""
        known: list[Money] = []
        for line in self.expected:
            amount = line.amount
            if isinstance(amount, Unknown):
                return amount
            known.append(amount)
        if not known:
            return Unknown(self.why or "its price is not known")
        currencies = sorted({amount.currency for amount in known})
        if len(currencies) > 1:
            return Unknown(f"rates in {' and '.join(currencies)}")
        return sum(known[1:], known[0])
