"""Quantities with units, as users write them: `10ms`, `2000/s`, `16GiB`, `1500 USD`, `10%`. Text in, SI values out, and back."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

NUMBER = r"[0-9]{1,18}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,2})?"
"""ASCII digits, and few enough that no value overflows a float or takes long to read."""

_HUNDREDTHS = r"(?:100(?:\.0{1,40})?|[0-9]{1,2}(?:\.[0-9]{1,40})?)"

DURATION = rf"^\s*({NUMBER})\s*(ns|us|µs|ms|s|m|h|d)\s*$"
RATE = rf"^\s*({NUMBER})\s*/\s*(s|min|m|h|d)\s*$"
SIZE = rf"^\s*(?:({NUMBER})\s*(kB|MB|GB|TB|KiB|MiB|GiB|TiB)|([0-9]{{1,18}})\s*(B))\s*$"
SHARE = rf"^\s*({_HUNDREDTHS})\s*%\s*$"
MONEY = rf"^\s*({NUMBER})\s*([A-Z]{{3}})\s*$"
"""What users may write, as regular expressions that JSON Schema understands as well."""

_DURATIONS_S = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_RATES_S = {"s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {
    "B": 1,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
}


class UnitError(ValueError):
    """A text that is no quantity of the wanted sort; the message says what one looks like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """An amount in one currency (ISO 4217). Adding two currencies is an error, never a guess."""

    amount: Decimal
    currency: str

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise UnitError(f"cannot add {other.currency} to {self.currency}")
        return Money(amount=self.amount + other.amount, currency=self.currency)

    def times(self, count: Decimal) -> Money:
        return Money(amount=self.amount * count, currency=self.currency)

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"


def parse_duration_s(text: str) -> float:
    """Seconds in `250us`, `10ms`, `2s`, `1.5m`, `1h`, `7d`. Raises UnitError."""
    number, unit = _split(text, DURATION, "a duration such as 10ms or 2s")
    return float(number) * _DURATIONS_S[unit]


def parse_rate_per_s(text: str) -> float:
    """Events a second in `2000/s`, `600/min`, `100/h`, `50/d`. Raises UnitError."""
    number, unit = _split(text, RATE, "a rate such as 2000/s or 100/h")
    return float(number) / _RATES_S[unit]


def parse_bytes(text: str) -> int:
    """Bytes in `512MiB`, `16GiB`, `2GB`, to the nearest whole one. Raises UnitError, for `1.5B` as well."""
    number, unit = _split(text, SIZE, "a size such as 512MiB or 16GiB")
    return int((Decimal(number) * _BYTES[unit]).to_integral_value())


def parse_share(text: str) -> float:
    """A share between 0 and 1 in `10%` or `0.5%`. Raises UnitError."""
    (number,) = _split(text, SHARE, "a share between 0% and 100%, such as 10%")
    return float(Decimal(number) / 100)


def parse_money(text: str) -> Money:
    """An amount and a currency in `1500 USD` or `0.02 EUR`. Raises UnitError."""
    number, currency = _split(text, MONEY, "an amount and a currency such as 1500 USD")
    return Money(amount=Decimal(number), currency=currency)


def format_duration(seconds: float) -> str:
    """The shortest unit that keeps three significant digits: `640us`, `3.2ms`, `12s`."""
    for unit in ("us", "ms", "s"):
        if abs(seconds) < _DURATIONS_S[unit] * 999.5 or unit == "s":
            return f"{_digits(seconds / _DURATIONS_S[unit])}{unit}"
    raise AssertionError("unreachable")


def format_share(share: float) -> str:
    """`10%`, `0.5%`."""
    return f"{share * 100:.10g}%"


def format_rate(per_s: float) -> str:
    """`2000/s`, `1.5/s`; below one a minute in `/h`."""
    if 0 < per_s < 1 / 60:
        return f"{_digits(per_s * 3600)}/h"
    return f"{_digits(per_s)}/s"


def format_bytes(size: float) -> str:
    """The largest binary unit of which there is at least one: `16GiB`, `1.5MiB`, `37B`."""
    for unit in ("TiB", "GiB", "MiB", "KiB"):
        if size >= _BYTES[unit]:
            return f"{_digits(size / _BYTES[unit])}{unit}"
    return f"{_digits(size)}B"


def format_money(money: Money) -> str:
    """`298.88 USD`, `0.0000417 USD`: hundredths, and below one three significant digits; fewer where it has no more.

    Never less than it is: a limit at what is shown would be kept.
    """
    amount = money.amount
    places = max(2, 2 - amount.adjusted()) if amount else 2
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > places:
        amount = amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_CEILING)
    # A price of many zeros is read as a power of ten, or not at all.
    text = f"{amount:f}" if not amount or -10 <= amount.adjusted() < 18 else f"{amount.normalize():e}"
    return f"{text} {money.currency}"


def _split(text: str, pattern: str, wanted: str) -> list[str]:
    """What the pattern's groups matched. Raises UnitError."""
    match = re.match(pattern, text)
    if not match:
        raise UnitError(f"expected {wanted}")
    return [group for group in match.groups() if group is not None]


def _digits(value: float) -> str:
    """Three significant digits, without trailing zeros or an exponent."""
    if value == 0:
        return "0"
    if not math.isfinite(value):
        return str(value)
    places = max(0, 2 - int(f"{value:e}".rpartition("e")[2]))
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
