"""What a field may hold, in the words of its documentation: "whole number from 1 to 4096", "list, each a region"."""

from __future__ import annotations

import re
from collections.abc import Iterable

from infractl.spec.schema.shape import Anything, ListOf, MapOf, Number, OneOf, Quantity, SectionOf, Shape, Text, Truth, Words


def sort_of(shape: Shape) -> str:
    """Words that have a name are left to `words_of`."""
    match shape:
        case Truth():
            return "true or false"
        case Words(words=words, enum=enum):
            return title_of(enum) if enum else either(words)
        case Number(whole=whole):
            return f"{'whole number' if whole else 'number'}{_bounds(shape)}"
        case Text(named=named) | Quantity(named=named):
            return named
        case ListOf(item=item, least=least):
            return f"list{f' of at least {least}' if least else ''}, each {one(item)}"
        case MapOf(value=Anything()):
            return "mapping"
        case MapOf(key=key, value=value):
            return f"mapping by {key.named}, each {one(value)}"
        case SectionOf():
            return "mapping"
        case OneOf(choices=choices):
            return either(w for c in choices for w in (c.words if isinstance(c, Words) else (one(c),)))
        case _:
            return "anything"


def one(shape: Shape) -> str:
    """`sort_of` with its article."""
    sort = sort_of(shape)
    if isinstance(shape, Truth | OneOf) or sort == "anything" or (isinstance(shape, Words) and not shape.enum):
        return sort
    return f"an {sort}" if sort[0] in "aeiou" else f"a {sort}"


def either(words: Iterable[str]) -> str:
    """`a, b or c`."""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def words_of(shape: Shape) -> tuple[str, ...]:
    """The words for which `sort_of` has only a name."""
    match shape:
        case Words(words=words, enum=enum) if enum:
            return tuple(str(w) for w in words)
        case ListOf(item=inner) | MapOf(value=inner):
            return words_of(inner)
        case OneOf(choices=choices):
            return tuple(w for choice in choices for w in words_of(choice))
        case _:
            return ()


def unit_of(shape: Shape) -> str:
    """The units of a quantity, or of a list's; nothing where there are none."""
    match shape:
        case Quantity(unit=unit):
            return unit
        case ListOf(item=inner) | MapOf(value=inner):
            return unit_of(inner)
        case OneOf(choices=choices):
            return next(filter(None, map(unit_of, choices)), "")
        case _:
            return ""


def title_of(declared: type) -> str:
    """`OptimizeLimit` is an "optimize limit"."""
    return " ".join(re.findall("[A-Z][a-z0-9]*", declared.__name__)).lower()


def _bounds(shape: Number) -> str:
    match shape.least, shape.most:
        case None, None:
            return ""
        case least, None:
            return f" of at least {least}"
        case None, most:
            return f" of at most {most}"
        case least, most:
            return f" from {least} to {most}"
