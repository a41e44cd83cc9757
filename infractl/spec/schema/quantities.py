"""The quantities that a validated section holds, wherever its declaration has one: no rule has to know all fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from infractl.spec.schema.field import Section, fields_of
from infractl.spec.schema.shape import ListOf, MapOf, OneOf, Quantity, SectionOf, Shape


class Held(NamedTuple):
    """A quantity's place, as users write it, with its declaration and its value in SI units."""

    path: tuple[str | int, ...]
    quantity: Quantity
    value: Any


def quantities_in(value: Section, path: tuple[str | int, ...] = ()) -> Iterator[Held]:
    """Every quantity in a section; what was left out is as it was declared, and is not looked at."""
    for field in fields_of(type(value)):
        inner = getattr(value, field.name)
        if inner is not None and inner is not field.default:
            yield from _held(field.shape, inner, (*path, field.key))


def _held(shape: Shape, value: Any, path: tuple[str | int, ...]) -> Iterator[Held]:
    match shape:
        case Quantity():
            yield Held(path, shape, value)
        case SectionOf():
            yield from quantities_in(value, path)
        case ListOf(item=item):
            for index, inner in enumerate(value):
                yield from _held(item, inner, (*path, index))
        case MapOf(value=held):
            for key, inner in value.items():
                yield from _held(held, inner, (*path, key))
        case OneOf(choices=choices):
            for choice in choices:
                if isinstance(choice, SectionOf) and isinstance(value, Section) and isinstance(value, choice.section):
                    yield from quantities_in(value, path)
                elif isinstance(choice, Quantity) and not isinstance(value, Section | str):
                    yield Held(path, choice, value)
