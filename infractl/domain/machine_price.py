"""What one machine of your own costs, as it was declared, and the tariff that this makes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from infractl.domain.offer import Rate
from infractl.units import Money

POWER = "power"
"""The metric of what a machine draws, by the hour at its full draw."""

PURCHASE = "purchase"
"""The metric of what a machine was bought for, by the month that it is written off."""

WATTS_A_KILOWATT = Decimal(1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rented:
    """Paid by the hour, whether or not it works."""

    per_hour: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """Paid once, and written off evenly over `months` (at least 1)."""

    capex: Money
    months: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """What the machine draws at work, and what a kilowatt-hour costs."""

    watts: Decimal
    per_kwh: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class MachinePrice:
    """How one machine is paid, and the power that is paid besides, if any. The currencies are the caller's to compare."""

    paid: Rented | Bought
    power: Power | None = None

    def tariff(self, source: str, on: date) -> tuple[Rate, ...]:
        """The rates of one machine, each with the name that its line of a cost has. `source` says where they are declared."""
        match self.paid:
            case Rented(per_hour=price):
                first = _rate(f"{price} an hour", "instance", "hour", price, source, on)
            case Bought(capex=price, months=months):
                name = f"written off {price} over {months} {'month' if months == 1 else 'months'}"
                first = _rate(name, PURCHASE, "month", Money(amount=price.amount / months, currency=price.currency), source, on)
        return (first,) if self.power is None else (first, _power_rate(self.power, source, on))


def _power_rate(power: Power, source: str, on: date) -> Rate:
    price = power.per_kwh
    hourly = Money(amount=power.watts / WATTS_A_KILOWATT * price.amount, currency=price.currency)
    return _rate(f"{_plain(power.watts)} W at {price}/kWh", POWER, "hour", hourly, source, on)


def _rate(name: str, metric: str, unit: str, price: Money, source: str, on: date) -> Rate:
    return Rate(name=name, metric=metric, unit=unit, price=price.amount, currency=price.currency, source=source, date=on)


def _plain(number: Decimal) -> str:
    """`350` for 350.0."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
