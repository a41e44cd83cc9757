"""The quantity that a text was meant to be, as users of other tools and of other countries write one.

Nothing is left out: what is proposed is worth what was written, and a text that is understood only in part is not understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from infractl.spec.schema.shape import OneOf, Quantity, Shape

_LONGEST = 60
"""Of a text that is looked at; no quantity that is meant for one is longer."""

_NUMBER = r"([0-9](?:[0-9.,_' ]*[0-9])?(?:[eE][-+]?[0-9]{1,2})?|\.[0-9]+)"
_PLAIN = r"[0-9]+(?:\.[0-9]+)?"
_POWERS = {"": 0, "k": 3, "K": 3, "M": 6}
"""`m` is not there: it may be a million or a thousandth."""

_UNITS_S = {
    "d": Decimal(86400),
    "h": Decimal(3600),
    "m": Decimal(60),
    "s": Decimal(1),
    "ms": Decimal("1e-3"),
    "us": Decimal("1e-6"),
    "ns": Decimal("1e-9"),
}
_TIMES = {
    "ns": "ns nsec nano nanos nanosecond nanoseconds",
    "us": "us µs μs usec usecs micro micros microsecond microseconds",
    "ms": "ms msec msecs milli millis millisecond milliseconds",
    "s": "s sec secs second seconds",
    "m": "m min mins minute minutes",
    "h": "h hr hrs hour hours",
    "d": "d day days",
    "w": "w wk wks week weeks",
}
_UNIT_OF = {word: unit for unit, words in _TIMES.items() for word in words.split()}
_ISO = re.compile(rf"P(?=[0-9T])(?:([0-9]+)W)?(?:([0-9]+)D)?(?:T(?=[0-9])(?:([0-9]+)H)?(?:([0-9]+)M)?(?:({_PLAIN})S)?)?")

_COUNTED = (
    "requests|request|reqs|req|r|queries|query|q|inferences|inference|predictions|prediction|transactions|transaction|t|"
    "calls|call|tokens|token|tok|records|record|events|event"
)
"""What a rate counts, which goes without saying: the field does."""

_SIZES = {
    "kilobyte": "kB",
    "megabyte": "MB",
    "gigabyte": "GB",
    "terabyte": "TB",
    "kibibyte": "KiB",
    "mebibyte": "MiB",
    "gibibyte": "GiB",
    "tebibyte": "TiB",
    "byte": "B",
}

_SIGNS = {"$": ("USD",), "US$": ("USD",), "€": ("EUR",), "£": ("GBP",), "¥": ("JPY", "CNY"), "₹": ("INR",)}
_CODES = (
    "USD EUR GBP JPY INR CNY CHF SEK NOK DKK PLN CZK HUF RON CAD AUD NZD SGD HKD KRW TWD BRL MXN ZAR TRY ILS AED SAR THB IDR MYR "
    "PHP VND"
)
_CURRENCIES = {**_SIGNS, **{code: (code,) for code in _CODES.split()}, "EURO": ("EUR",), "EUROS": ("EUR",)}
_PER = {
    "monthly": r"/\s*(?:month|mo)|(?:per|a)\s+month|monthly",
    "perHour": r"/\s*(?:hour|hr|h)|(?:per|an)\s+hour|hourly",
    "perThousand": r"(?:/|per)\s*(?:1000|1k|thousand)",
    "perKwh": r"(?:/|per)\s*kwh",
}
"""What an amount is for, where the key says it already."""


def meant_quantity(written: str, shape: Shape | None, key: str = "") -> str | None:
    """The quantity that was meant for the key, as it is written here; several readings are joined by "or"."""
    quantity = quantity_of(shape)
    text = written.strip()
    if quantity is None or len(text) > _LONGEST:
        return None
    readers = {"duration": _durations, "rate": _rates, "share": _shares, "size": _sizes}
    found = _amounts(text, key) if quantity.named == "amount of money" else readers.get(quantity.named, _nothing)(text)
    return " or ".join(dict.fromkeys(reading for reading in found if re.match(quantity.pattern, reading))) or None


def quantity_of(shape: Shape | None) -> Quantity | None:
    choices = shape.choices if isinstance(shape, OneOf) else (shape,)
    return next((choice for choice in choices if isinstance(choice, Quantity)), None)


def _nothing(text: str) -> Iterator[str]:
    yield from ()


def _numbers(digits: str) -> Iterator[str]:
    """The plain numbers that digits may stand for: `1.500,00` is one, `1,500` is a thousand five hundred or one and a half."""
    if re.fullmatch(_PLAIN, digits):
        yield digits
    elif digits.startswith("."):
        yield f"0{digits}"
    elif re.fullmatch(rf"{_PLAIN}[eE][-+]?[0-9]+", digits):
        yield _plain(Decimal(digits))
    else:
        for between, point in ((",", "."), (".", ","), (" ", "."), (" ", ","), ("'", "."), ("_", ".")):
            if re.fullmatch(rf"[1-9][0-9]{{0,2}}(?:{re.escape(between)}[0-9]{{3}})+(?:{re.escape(point)}[0-9]+)?", digits):
                yield digits.replace(between, "").replace(point, ".")
        if re.fullmatch("[0-9]+,[0-9]+", digits):
            yield digits.replace(",", ".")


def _times(number: str, power: int) -> str:
    return _plain(Decimal(number).scaleb(power)) if power else number


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _unit(word: str) -> str | None:
    """A unit of time by its word; a single capital is one only where no other unit begins so: M may be months."""
    return _UNIT_OF.get(word) or (_UNIT_OF.get(word.lower()) if word != "M" else None)


def _durations(text: str) -> Iterator[str]:
    if match := re.fullmatch(_NUMBER, text):
        bare = [(n, unit) for n in _numbers(match[1]) for unit in ("ms", "s")]
        yield from (_span(Decimal(n) * _UNITS_S[unit]) if "e" in text.lower() else f"{n}{unit}" for n, unit in bare)
    elif (match := re.fullmatch(rf"{_NUMBER}\s*([A-Za-zµμ]+)", text)) and (unit := _unit(match[2])):
        yield from (_span(Decimal(n) * _seconds(unit)) if unit == "w" else f"{n}{unit}" for n in _numbers(match[1]))
    elif match := _ISO.fullmatch(text):
        parts = zip(match.groups(), ("w", "d", "h", "m", "s"), strict=True)
        yield _span(sum((Decimal(n) * _seconds(unit) for n, unit in parts if n), Decimal(0)))
    elif re.fullmatch(rf"(?:{_PLAIN}\s*[A-Za-zµμ]+\s*){{2,7}}", text):
        read = [(Decimal(n), _unit(word)) for n, word in re.findall(rf"({_PLAIN})\s*([A-Za-zµμ]+)", text)]
        sizes = [_seconds(unit) for _, unit in read if unit]
        # Each unit once, the largest first: whatever else it is, it is no duration in parts.
        if len(sizes) == len(read) and sizes == sorted(set(sizes), reverse=True):
            yield _span(sum((n * size for (n, _), size in zip(read, sizes, strict=True)), Decimal(0)))


def _seconds(unit: str) -> Decimal:
    return 7 * _UNITS_S["d"] if unit == "w" else _UNITS_S[unit]


def _span(seconds: Decimal) -> str:
    """In the largest unit of which it is a whole number."""
    unit, size = next(((u, s) for u, s in _UNITS_S.items() if seconds % s == 0), ("s", _UNITS_S["s"]))
    return f"{_plain(seconds / size)}{unit}"


def _rates(text: str) -> Iterator[str]:
    per = rf"(?:(?i:{_COUNTED})?\s*(?:/|(?i:per\s))|(?i:{_COUNTED})[pP])\s*([A-Za-zµμ]+)"
    match = re.fullmatch(rf"{_NUMBER}\s*([kKM]?)\s*(?:{per}|([Hh]z))?", text)
    if match is None:
        return
    unit = "s" if match[4] or not match[3] else _unit(match[3]) or ("m" if re.search("[A-Za-z]PM$", text) else None)
    for number in (_times(n, _POWERS[match[2]]) for n in _numbers(match[1])):
        if unit in ("s", "m", "h", "d"):
            yield f"{number}/{'min' if unit == 'm' else unit}"
        elif unit in ("ms", "us"):
            yield f"{_times(number, 3 if unit == 'ms' else 6)}/s"


def _shares(text: str) -> Iterator[str]:
    match = re.fullmatch(rf"{_NUMBER}\s*(%|(?i:percent|per cent|pct))?", text)
    numbers = list(_numbers(match[1])) if match else []
    # 1,000% is either no share at all, or one that nobody writes so.
    for number in numbers if len(numbers) == 1 else ():
        if (match and match[2]) or Decimal(number) > 1:
            yield f"{number}%"
        else:
            yield from (f"{number}%", f"{_times(number, 2)}%")


def _sizes(text: str) -> Iterator[str]:
    match = re.fullmatch(rf"{_NUMBER}\s*([A-Za-z]*)", text)
    for number in _numbers(match[1]) if match else ():
        yield from (f"{number}{unit}" for unit in _size_units(match[2] if match else ""))


def _size_units(word: str) -> Iterator[str]:
    """`M` is a million bytes or 2**20; `Mb` is none, as it may be a million bits."""
    if word == "" or word in ("b", "B"):
        yield "B"
    elif named := _SIZES.get(word.lower().removesuffix("s")):
        yield named
    elif (match := re.fullmatch(r"([KMGT])(i|ib|b)?", word, re.IGNORECASE)) and not re.fullmatch("[KMGT]b", word):
        letter, rest = match[1].upper(), (match[2] or "").lower()
        if rest != "b":
            yield f"{letter}iB"
        if rest in ("", "b"):
            yield f"{'k' if letter == 'K' else letter}B"


def _amounts(text: str, key: str) -> Iterator[str]:
    text = re.sub(rf"\s*(?:{_PER[key]})$", "", text, flags=re.IGNORECASE) if key in _PER else text
    behind = re.fullmatch(rf"{_NUMBER}\s*([kKM]?)\s*([$€£¥₹]|[A-Za-z]{{3,5}})", text)
    before = re.fullmatch(rf"(US\$|[$€£¥₹]|[A-Za-z]{{3,5}})\s*{_NUMBER}\s*([kKM]?)", text)
    if match := behind or before:
        number, power, currency = match.groups() if behind else (match[2], match[3], match[1])
        numbers = list(_numbers(number))
        # Of dollars everybody writes the thousands so.
        numbers = numbers[:1] if currency in ("$", "US$") else numbers
        for each in numbers:
            yield from (f"{_times(each, _POWERS[power])} {code}" for code in _CURRENCIES.get(currency.upper(), ()))
