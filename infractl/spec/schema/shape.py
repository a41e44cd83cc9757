"""What a field may hold, as values: words, texts, numbers, quantities, lists, mappings, sections, or one of several of these.

A field's annotation says it (`shape_of`); validators, JSON Schema and the reference are made from it elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias, Union, get_args, get_origin


class Truth(NamedTuple):
    """`true` or `false`."""


class Words(NamedTuple):
    """One of some words. `enum` makes them its members."""

    words: tuple[str, ...]
    enum: type[StrEnum] | None = None


class Text(NamedTuple):
    """A text. `slug`, `summary` and `remedy` tell of one that does not fit the pattern, `named` is what it is called.

    `normal` makes one text of its spellings; `spelled` is then the pattern of what users may write.
    """

    named: str = "text"
    pattern: str = ""
    least: int = 0
    most: int = 0
    slug: str = "wrong-value"
    summary: str = "a value is not one that can be used here"
    remedy: str = ""
    normal: Callable[[str], str] | None = None
    spelled: str = ""


class Number(NamedTuple):
    """A number within closed bounds; `whole` refuses fractions."""

    whole: bool = False
    least: float | None = None
    most: float | None = None


class Quantity(NamedTuple):
    """A text with a unit, such as `10ms`. `read` gives the value (and raises UnitError), `write` the text again.

    `may_be_zero` where zero says something: no delay. Elsewhere it is a slip.
    """

    named: str
    unit: str
    pattern: str
    examples: tuple[str, ...]
    read: Callable[[str], Any]
    write: Callable[[Any], str]
    may_be_zero: bool = False


class ListOf(NamedTuple):
    item: Shape
    least: int = 0


class MapOf(NamedTuple):
    """A mapping with free keys."""

    key: Text
    value: Shape


class SectionOf(NamedTuple):
    """A mapping with the keys that the section declares."""

    section: type


class OneOf(NamedTuple):
    """Alternatives that differ in their sort of value, so that an error can speak of the one that was meant."""

    choices: tuple[Shape, ...]


class Items(NamedTuple):
    """Beside a list's annotation: how many items it has at least."""

    least: int


class Anything(NamedTuple):
    """A value that is not looked at here."""


Shape: TypeAlias = Truth | Words | Text | Number | Quantity | ListOf | MapOf | SectionOf | OneOf | Anything

_SCALARS = (Truth, Words, Text, Number, Quantity)
_BUILT_IN: dict[Any, Shape] = {bool: Truth(), str: Text(), int: Number(whole=True), float: Number(), Any: Anything()}


def shape_of(annotation: Any) -> Shape:
    """The shape that an annotation declares; `| None` says only that the field may be left out. Raises TypeError."""
    if annotation in _BUILT_IN:
        return _BUILT_IN[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _annotated(arguments[0], arguments[1:])
    if origin is Literal:
        return Words(arguments)
    if origin in (Union, UnionType):
        return _alternatives(tuple(shape_of(a) for a in arguments if a is not type(None)))
    if origin is tuple:
        return ListOf(shape_of(arguments[0]))
    if origin in (dict, Mapping):
        key = shape_of(arguments[0])
        assert isinstance(key, Text)
        return MapOf(key, shape_of(arguments[1]))
    if isinstance(annotation, type):
        return Words(tuple(annotation), annotation) if issubclass(annotation, StrEnum) else SectionOf(annotation)
    raise TypeError(f"{annotation} is no shape of a field")


def _annotated(annotation: Any, notes: tuple[Any, ...]) -> Shape:
    """The last shape among the notes says more than the type that they stand beside."""
    shape = next((n for n in reversed(notes) if isinstance(n, _SCALARS)), None) or shape_of(annotation)
    items = next((n for n in notes if isinstance(n, Items)), None)
    return shape._replace(least=items.least) if items and isinstance(shape, ListOf) else shape


def _alternatives(choices: tuple[Shape, ...]) -> Shape:
    return choices[0] if len(choices) == 1 else OneOf(choices)


def meant(shape: OneOf, value: Any) -> int:
    """The index of the alternative that a value is meant for: the last one of its sort, the first where none is of it.

    A quantity stands behind the words that may take its place, and a text that is none of them is to be a quantity.
    """
    fitting = [i for i, choice in enumerate(shape.choices) if _takes(choice, value)]
    exact = [i for i in fitting if isinstance(choice := shape.choices[i], Words) and value in choice.words]
    return (exact or fitting[-1:] or [0])[0]


def fits(shape: Shape, value: Any) -> bool:
    """Whether a value is of the right sort, be it right or not."""
    return any(_takes(choice, value) for choice in (shape.choices if isinstance(shape, OneOf) else (shape,)))


def _takes(shape: Shape, value: Any) -> bool:
    match shape:
        case Truth():
            return isinstance(value, bool)
        case Number():
            return isinstance(value, int | float) and not isinstance(value, bool)
        case Words() | Text() | Quantity():
            return isinstance(value, str)
        case ListOf():
            return isinstance(value, list | tuple)
        case _:
            return not isinstance(value, str | int | float | list | tuple | None)


def named(shape: Shape) -> str:
    """What the shape takes, in words: "a whole number", "a list", "auto or a mapping"."""
    match shape:
        case Truth():
            return "true or false"
        case Words(words=words):
            return " or ".join(words)
        case Number(whole=whole):
            return "a whole number" if whole else "a number"
        case Text(named=text) | Quantity(named=text):
            return f"a {text}"
        case ListOf():
            return "a list"
        case OneOf(choices=choices):
            return " or ".join(map(named, choices))
        case Anything():
            return "anything"
        case _:
            return "a mapping"
