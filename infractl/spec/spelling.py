"""What was meant by a text: quantities as users of other tools write them, and characters that a word processor put there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from infractl.spec.schema.shape import OneOf, Quantity, Shape

_SPACES = "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u202f\u205f\u3000\ufeff"
_QUOTES = "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb"
_OTHERS = {"\uff1a": ":", "\u2013": "-", "\u2014": "-", "\u2212": "-", "\uff0c": ","}

_LONGEST = 1000
"""Of a text that is looked through; no value that is right is longer."""

_NUMBER = r"([0-9]+(?:\.[0-9]+)?)"
_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_TIMES = {"milli": "ms", "msec": "ms", "micro": "us", "min": "m", "sec": "s", "hour": "h", "hr": "h", "day": "d"}
"""The beginnings of words, in the order in which they are tried."""

_CURRENCIES = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR"}


def unusual_character(text: str) -> str | None:
    """A remedy for a character that looks like one that YAML knows, and is none."""
    import unicodedata

    for character in text[:_LONGEST]:
        plain = "space" if character in _SPACES else "quote" if character in _QUOTES else _OTHERS.get(character)
        if plain:
            name = unicodedata.name(character, "character").lower()
            return f"write a plain {plain} instead of the {name} (U+{ord(character):04X})"
    return None


def meant_quantity(written: str, shape: Shape | None) -> str | None:
    """The quantity that was probably meant, as it is written here; several are joined by "or"."""
    quantity = _quantity_of(shape)
    if quantity is None:
        return None
    guesses = {"duration": _durations, "rate": _rates, "share": _shares, "size": _sizes, "amount of money": _amounts}
    text = written.strip()
    found = [guess for guess in guesses.get(quantity.named, _none)(text) if re.match(quantity.pattern, guess)]
    return " or ".join(found) or None


def _quantity_of(shape: Shape | None) -> Quantity | None:
    choices = shape.choices if isinstance(shape, OneOf) else (shape,)
    return next((choice for choice in choices if isinstance(choice, Quantity)), None)


def _none(text: str) -> Iterator[str]:
    yield from ()


def _durations(text: str) -> Iterator[str]:
    if match := re.fullmatch(rf"{_NUMBER}\s*([A-Za-z]*)", text):
        word = match[2].lower()
        units = ("ms", "s") if not word else [unit for start, unit in _TIMES.items() if word.startswith(start)][:1]
        yield from (f"{match[1]}{unit}" for unit in units)
    elif parts := re.fullmatch(r"(?:PT)?((?:[0-9]+[dhms])+)", text, re.IGNORECASE):
        total = sum(int(n) * _SECONDS[unit] for n, unit in re.findall("([0-9]+)([dhms])", parts[1].lower()))
        yield next(f"{total // size}{unit}" for unit, size in _SECONDS.items() if total % size == 0)


def _rates(text: str) -> Iterator[str]:
    if match := re.fullmatch(_NUMBER, text):
        yield f"{match[1]}/s"
    elif match := re.fullmatch(rf"{_NUMBER}\s*[A-Za-z]*?\s*(?:/|per|p)\s*(s|m|h|d)[a-z]*", text, re.IGNORECASE):
        unit = match[2].lower()
        yield f"{match[1]}/{'min' if unit == 'm' else unit}"


def _shares(text: str) -> Iterator[str]:
    if match := re.fullmatch(rf"{_NUMBER}\s*(percent|pct)?", text, re.IGNORECASE):
        number = Decimal(match[1])
        if match[2] or number > 1:
            yield f"{match[1]}%"
        elif number < 1:
            yield f"{(number * 100).normalize():f}%"
        else:
            yield from ("1%", "100%")


def _sizes(text: str) -> Iterator[str]:
    if match := re.fullmatch(rf"{_NUMBER}\s*([KMGT])(i|ib|b)?", text, re.IGNORECASE):
        letter = match[2].upper()
        if (match[3] or "").lower() != "b":
            yield f"{match[1]}{letter}iB"
        if (match[3] or "b").lower() == "b":
            yield f"{match[1]}{'k' if letter == 'K' else letter}B"
    elif re.fullmatch("[0-9]+", text):
        yield f"{text}B"


def _amounts(text: str) -> Iterator[str]:
    plain = text.replace(",", "").replace("_", "")
    if match := re.fullmatch(rf"([$€£¥₹])\s*{_NUMBER}", plain):
        yield f"{match[2]} {_CURRENCIES[match[1]]}"
    elif match := re.fullmatch(rf"{_NUMBER}\s*([$€£¥₹])", plain):
        yield f"{match[1]} {_CURRENCIES[match[2]]}"
    elif match := re.fullmatch(rf"([A-Za-z]{{3}})\s*{_NUMBER}", plain):
        yield f"{match[2]} {match[1].upper()}"
    elif match := re.fullmatch(rf"{_NUMBER}\s*([A-Za-z]{{3}})", plain):
        yield f"{match[1]} {match[2].upper()}"
