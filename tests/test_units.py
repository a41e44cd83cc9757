"""Quantities as users write them: what is read, what is refused, and that what is printed can be read again."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from infractl.units import (
    Money,
    UnitError,
    format_bytes,
    format_duration,
    format_rate,
    parse_bytes,
    parse_duration_s,
    parse_money,
    parse_rate_per_s,
    parse_share,
)

PARSERS: list[Callable[[str], object]] = [parse_bytes, parse_duration_s, parse_money, parse_rate_per_s, parse_share]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("250us", 250e-6),
        ("250 µs", 250e-6),
        ("7ns", 7e-9),
        ("10ms", 0.01),
        (" 2s ", 2),
        ("1.5m", 90),
        ("1h", 3600),
        ("7d", 604800),
    ],
)
def test_durations_are_read(text: str, seconds: float) -> None:
    assert parse_duration_s(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "per_s"), [("2000/s", 2000), ("600/min", 10), ("600 / m", 10), ("3600/h", 1), ("86400/d", 1), ("1e3/s", 1000)]
)
def test_rates_are_read(text: str, per_s: float) -> None:
    assert parse_rate_per_s(text) == pytest.approx(per_s)


@pytest.mark.parametrize(
    ("text", "size"), [("37B", 37), ("512MiB", 2**29), ("16 GiB", 2**34), ("2GB", 2 * 10**9), ("1.5KiB", 1536), ("1.23KiB", 1260)]
)
def test_sizes_are_read_to_the_nearest_byte(text: str, size: int) -> None:
    assert parse_bytes(text) == size


def test_shares_and_money_are_read() -> None:
    assert parse_share("0.5%") == pytest.approx(0.005)
    assert (parse_share("0%"), parse_share("100%")) == (0, 1)
    assert parse_money("0.02 EUR") == Money(amount=Decimal("0.02"), currency="EUR")
    assert parse_money("1500USD") == Money(amount=Decimal(1500), currency="USD")


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize(
    "text", ["", "10", "ten", "-3ms", "-3 USD", "nan%", "inf/s", "10 parsecs", "1,5s", "１０ms", "1.5B", "101%", "3 usd"]
)
def test_what_is_no_quantity_is_refused_with_an_example(parse: Callable[[str], object], text: str) -> None:
    with pytest.raises(UnitError, match=r"^expected "):
        parse(text)


@pytest.mark.parametrize("parse", PARSERS)
@given(text=st.text() | st.from_regex(r"[0-9.eE+-]{1,30} ?(ms|/s|GiB|TiB|%|USD|B|d)", fullmatch=True))
@example(text="1e999999999TiB")
@example(text="9" * 5000 + "s")
@example(text="1e99 USD")
@example(text="0.1e-99%")
def test_any_text_gives_a_finite_quantity_or_a_unit_error(parse: Callable[[str], object], text: str) -> None:
    try:
        value = parse(text)
    except UnitError:
        return
    number = value.amount if isinstance(value, Money) else value
    assert isinstance(number, int | float | Decimal)
    assert math.isfinite(number)
    assert number >= 0


@given(seconds=st.floats(1e-9, 1e9))
def test_a_printed_duration_is_read_back_within_half_a_percent(seconds: float) -> None:
    assert parse_duration_s(format_duration(seconds)) == pytest.approx(seconds, rel=0.005)


@given(per_s=st.floats(1e-9, 1e12))
def test_a_printed_rate_is_read_back_within_half_a_percent(per_s: float) -> None:
    assert parse_rate_per_s(format_rate(per_s)) == pytest.approx(per_s, rel=0.005)


@given(size=st.integers(0, 2**60))
def test_a_printed_size_is_read_back_within_half_a_percent(size: int) -> None:
    assert parse_bytes(format_bytes(size)) == pytest.approx(size, rel=0.005)


@given(amount=st.decimals(0, 10**12, places=4))
def test_printed_money_is_read_back_exactly(amount: Decimal) -> None:
    money = Money(amount=amount, currency="USD")

    assert parse_money(str(money)) == money


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.00064, "640us"), (0.0032, "3.2ms"), (12, "12s"), (0.9999, "1s"), (0, "0us"), (-0.0032, "-3.2ms"), (math.inf, "infs")],
)
def test_a_duration_is_printed_in_the_unit_that_keeps_it_short(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0B"), (37, "37B"), (1023, "1023B"), (1536, "1.5KiB"), (16 * 2**30, "16GiB"), (5 * 2**50, "5120TiB")]
)
def test_a_size_is_printed_in_the_largest_unit_that_fits(size: int, text: str) -> None:
    assert format_bytes(size) == text


@pytest.mark.parametrize(("per_s", "text"), [(2000, "2000/s"), (1.5, "1.5/s"), (0, "0/s"), (1 / 3600, "1/h"), (0.02, "0.02/s")])
def test_a_slow_rate_is_printed_by_the_hour(per_s: float, text: str) -> None:
    assert format_rate(per_s) == text


def test_money_never_mixes_currencies_and_never_prints_an_exponent() -> None:
    assert str(parse_money("1e3 USD") + parse_money("0.50 USD")) == "1000.50 USD"
    assert str(parse_money("1e3 USD")) == "1000 USD"
    with pytest.raises(UnitError, match="cannot add EUR to USD"):
        parse_money("1 USD") + parse_money("1 EUR")
