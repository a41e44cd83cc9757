"""What a service costs a month (a floor, an expected sum, a ceiling, each of named lines), and what a thousand inferences do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from infractl.domain.offer import Rate
from infractl.domain.unknown import Unknown
from infractl.units import Money

HOURS_A_MONTH = Decimal(730)
"""8,760 hours a year by twelve: the month that the clouds' own calculators use."""

SECONDS_AN_HOUR = Decimal(3600)

THOUSAND = Decimal(1000)


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
    def floor_amount(self) -> Money | Unknown:
        """The least that a month costs, known or not as `expected_amount` is."""
        return self._sum(self.floor)

    @property
    def expected_amount(self) -> Money | Unknown:
        """The expected sum; unknown as soon as one line is, or where the lines are in several currencies."""
        return self._sum(self.expected)

    @property
    def ceiling_amount(self) -> Money | Unknown:
        """The most that a month costs, known or not as `expected_amount` is."""
        return self._sum(self.ceiling)

    def _sum(self, lines: Sequence[CostLine]) -> Money | Unknown:
        known: list[Money] = []
        for line in lines:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CostSummary:
    """What a cost comes to: a month's sums, and a thousand inferences (requests) at `rate_per_s` and at full capacity.

    `rate_per_s` is the average traffic, else the peak; 0 where none is declared. A thousand cost the least that they can at
    `capacity_per_s`.
    """

    floor: Money | Unknown
    expected: Money | Unknown
    ceiling: Money | Unknown
    rate_per_s: float
    per_thousand: Money | Unknown
    capacity_per_s: float
    per_thousand_at_capacity: Money | Unknown


def cost_summary(cost: Cost, rate_per_s: float, capacity_per_s: float) -> CostSummary:
    """The sums of a cost, and what they make a thousand inferences."""
    return CostSummary(
        floor=cost.floor_amount,
        expected=cost.expected_amount,
        ceiling=cost.ceiling_amount,
        rate_per_s=rate_per_s,
        per_thousand=per_thousand(cost.expected_amount, rate_per_s),
        capacity_per_s=capacity_per_s,
        per_thousand_at_capacity=per_thousand(cost.ceiling_amount, capacity_per_s),
    )


def per_thousand(monthly: Money | Unknown, rate_per_s: float) -> Money | Unknown:
    """What a thousand inferences cost at a steady rate, where a month of 730 hours costs `monthly`."""
    if isinstance(monthly, Unknown):
        return monthly
    if not (rate_per_s > 0 and math.isfinite(rate_per_s)):
        return Unknown("no traffic is known to share it")
    # As the rate is written: 0.1 is a tenth, and not the float that is nearest to it.
    inferences = Decimal(repr(float(rate_per_s))) * HOURS_A_MONTH * SECONDS_AN_HOUR
    return Money(amount=monthly.amount / inferences * THOUSAND, currency=monthly.currency)
