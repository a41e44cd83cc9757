"""What is proposed for a quantity in other words is worth what was written, by a reading that is independent of the code's."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from infractl.spec.schema.field import shape_at
from infractl.spec.section.target import MachinePrice
from infractl.spec.service import ServiceSpec
from infractl.spec.telling.meant_quantity import meant_quantity
from infractl.units import parse_bytes, parse_duration_s, parse_money, parse_rate_per_s, parse_share

SHAPES = {
    "duration": shape_at(ServiceSpec, ("serving", "timeout")),
    "rate": shape_at(ServiceSpec, ("serving", "rateLimit")),
    "share": shape_at(ServiceSpec, ("slo", "errorRate")),
    "size": shape_at(ServiceSpec, ("serving", "maxPayload")),
    "money": shape_at(ServiceSpec, ("budget", "monthly")),
}
READ: dict[str, Any] = {
    "duration": parse_duration_s,
    "rate": parse_rate_per_s,
    "share": parse_share,
    "size": parse_bytes,
    "money": lambda text: parse_money(text).amount,
}
UNITS: dict[str, dict[str, Fraction]] = {
    "duration": {
        "ms": Fraction(1, 1000),
        "MS": Fraction(1, 1000),
        " msec": Fraction(1, 1000),
        " microseconds": Fraction(1, 10**6),
        "μs": Fraction(1, 10**6),
        "min": Fraction(60),
        " hours": Fraction(3600),
        "H": Fraction(3600),
        "w": Fraction(604800),
        " Weeks": Fraction(604800),
    },
    "rate": {
        "/s": Fraction(1),
        "k/s": Fraction(1000),
        "K/s": Fraction(1000),
        "M/s": Fraction(10**6),
        "krps": Fraction(1000),
        " rps": Fraction(1),
        " k qps": Fraction(1000),
        "/ms": Fraction(1000),
        " requests per minute": Fraction(1, 60),
        " rpm": Fraction(1, 60),
        "k": Fraction(1000),
        " Hz": Fraction(1),
        "/hour": Fraction(1, 3600),
    },
    "share": {"%": Fraction(1, 100), " percent": Fraction(1, 100), " pct": Fraction(1, 100)},
    "size": {
        "Gi": Fraction(2**30),
        "gib": Fraction(2**30),
        "mb": Fraction(10**6),
        " gigabytes": Fraction(10**9),
        " KB": Fraction(1000),
        " bytes": Fraction(1),
    },
    "money": {
        " EUR": Fraction(1),
        "€": Fraction(1),
        "k EUR": Fraction(1000),
        "M USD": Fraction(10**6),
        " usd": Fraction(1),
        " EUR/month": Fraction(1),
        " USD per month": Fraction(1),
    },
}
"""What a unit is worth in seconds, a second, one, bytes and money, as anybody would look it up."""

NUMBERS = st.tuples(st.integers(0, 9_999_999), st.sampled_from([0, 1, 2, 4]))


def as_written(whole: int, places: int, style: str) -> str:
    """A number in the way of one country."""
    digits = f"{Decimal(whole).scaleb(-places):f}"
    before, _, after = digits.partition(".")
    between, point = {"plain": ("", "."), "english": (",", "."), "german": (".", ","), "french": (" ", ","), "code": ("_", ".")}[
        style
    ]
    return f"{int(before):,}".replace(",", between) + (point + after if after else "")


@pytest.mark.parametrize(("kind", "unit"), [(kind, unit) for kind, units in UNITS.items() for unit in units])
@given(number=NUMBERS, style=st.sampled_from(["plain", "english", "german", "french", "code"]))
def test_a_proposal_is_worth_what_was_written(kind: str, unit: str, number: tuple[int, int], style: str) -> None:
    text = as_written(*number, style)
    worth = Fraction(number[0], 10 ** number[1]) * UNITS[kind][unit]
    # "1.234" is a number as it stands, whatever country it came from: what can be read is not proposed for.
    assume(not re.fullmatch(r"[0-9]+\.[0-9]{3}", text) or style == "plain")

    proposed = (meant_quantity(text + unit, SHAPES[kind], "monthly") or "").split(" or ")

    values = [READ[kind](each) for each in proposed if each]
    rounding = 1 if kind == "size" else 0
    assert all(math.isclose(value, worth, rel_tol=1e-9, abs_tol=rounding) for value in values) or (
        # "1,234" may be both, and then both are shown.
        len(values) == 2 and any(math.isclose(value, worth, rel_tol=1e-9, abs_tol=rounding) for value in values)
    )


@given(number=NUMBERS, unit=st.sampled_from(["k/s", "K/s", "M/s", "/ms", "krps"]))
def test_thousands_and_millions_are_understood_and_not_only_left_out(number: tuple[int, int], unit: str) -> None:
    text = as_written(*number, "plain")

    assert meant_quantity(text + unit, SHAPES["rate"])


JUNK = st.sampled_from(["max", "m/s", "x", "per user", "+", "?", "/month", "bob", "Mb", "<", "~", "-"])


@given(kind=st.sampled_from(sorted(UNITS)), number=st.integers(1, 999), junk=JUNK, before=st.booleans(), data=st.data())
def test_nothing_is_proposed_where_a_part_of_the_text_is_not_understood(
    kind: str, number: int, junk: str, before: bool, data: st.DataObject
) -> None:
    unit = data.draw(st.sampled_from(sorted(UNITS[kind])))
    text = f"{junk} {number}{unit}" if before else f"{number}{unit} {junk}"
    assume(not (kind == "money" and junk == "/month" and not before))

    assert meant_quantity(text, SHAPES[kind], "monthly") is None


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("rate", "2m/s"),
        ("rate", "5/M"),
        ("rate", "5pm"),
        ("rate", "5/week"),
        ("rate", "10/10s"),
        ("rate", "-5/s"),
        ("duration", "5M"),
        ("duration", "P1M"),
        ("duration", "0:30"),
        ("duration", "30m1h"),
        ("size", "512Mb"),
        ("size", "1.5"),
        ("share", "150"),
        ("money", "500 EUR/day"),
        ("money", "20 bob"),
        ("money", "500"),
    ],
)
def test_nothing_is_proposed_for_what_may_mean_two_things(kind: str, written: str) -> None:
    assert meant_quantity(written, SHAPES[kind], "monthly") is None


@pytest.mark.parametrize(
    ("key", "written", "meant"),
    [
        ("monthly", "500 EUR/month", "500 EUR"),
        ("perHour", "0.12 USD/h", "0.12 USD"),
        ("perHour", "0.12 USD/month", None),
        ("capex", "8000 USD/month", None),
        ("perKwh", "0.30 USD/kWh", "0.30 USD"),
    ],
)
def test_what_an_amount_is_for_goes_without_saying_where_the_key_says_it(key: str, written: str, meant: str | None) -> None:
    shape = shape_at(MachinePrice, (key,)) or SHAPES["money"]

    assert meant_quantity(written, shape, key) == meant
