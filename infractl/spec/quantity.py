"""Field types that read a quantity with its unit and keep the SI value."""

from typing import Annotated

from infractl.spec.schema.shape import Quantity
from infractl.units import (
    DURATION,
    MONEY,
    RATE,
    SHARE,
    SIZE,
    Money,
    format_bytes,
    format_rate,
    format_share,
    parse_bytes,
    parse_duration_s,
    parse_money,
    parse_rate_per_s,
    parse_share,
)

_UNITS_S = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6}


def _duration(seconds: float) -> str:
    """In the largest unit of which it is a whole number: 600 seconds are `10m`, as a person would write it."""
    for unit, size in _UNITS_S.items():
        count = round(seconds / size)
        if count and parse_duration_s(f"{count}{unit}") == seconds:
            return f"{count}{unit}"
    return f"{seconds!r}".removesuffix(".0") + "s"


_SECONDS = Quantity("duration", "ns, us, ms, s, m, h, d", DURATION, ("10ms", "2s"), parse_duration_s, _duration)

Seconds = Annotated[float, _SECONDS]
Delay = Annotated[float, _SECONDS._replace(may_be_zero=True)]
PerSecond = Annotated[float, Quantity("rate", "/s, /min, /h, /d", RATE, ("2000/s", "100/h"), parse_rate_per_s, format_rate)]
Share = Annotated[float, Quantity("share", "%", SHARE, ("10%", "0.1%"), parse_share, format_share)]
Size = Annotated[int, Quantity("size", "B, KiB, MiB, GiB, kB, MB, GB", SIZE, ("512MiB", "16GiB"), parse_bytes, format_bytes)]
Amount = Annotated[Money, Quantity("amount of money", "a currency", MONEY, ("1500 USD", "0.02 EUR"), parse_money, str)]
