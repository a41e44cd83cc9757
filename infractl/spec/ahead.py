"""What a document asks for that this version of infractl does not act on yet. It was checked all the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infractl.spec.schema.field import Field, fields_of
from infractl.spec.schema.shape import ListOf, MapOf, OneOf, SectionOf, Shape, meant


def not_acted_on(section: type, value: Any, depth: int) -> tuple[str, ...]:
    """The paths in a document that passed its checks, such as `spec.rollout.bake`, to a depth of so many keys.

    What is so already, as `spot: never` is while there is no other, is left out.
    """
    paths = _in_section(section, value, "", acted_on=True)
    return tuple(dict.fromkeys(".".join(path.split(".")[:depth]) for path in paths))


def _in_section(section: type, value: Any, prefix: str, *, acted_on: bool) -> Iterator[str]:
    for field in fields_of(section):
        if field.key in value:
            yield from _in_field(field, value[field.key], f"{prefix}{field.key}", acted_on=acted_on and field.acted_on)


def _in_field(field: Field, value: Any, path: str, *, acted_on: bool) -> Iterator[str]:
    if not acted_on and (value in field.already or value in ([], {})):
        return
    inside = list(_inside(field.shape, value))
    if acted_on or inside:
        for shape, inner in inside:
            assert isinstance(shape, SectionOf)
            yield from _in_section(shape.section, inner, f"{path}.", acted_on=acted_on)
    else:
        yield path


def _inside(shape: Shape, value: Any) -> Iterator[tuple[Shape, Any]]:
    """The sections that a value holds, each with its own value."""
    match shape:
        case SectionOf():
            yield shape, value
        case ListOf(item=item):
            for inner in value:
                yield from _inside(item, inner)
        case MapOf(value=held):
            for inner in value.values():
                yield from _inside(held, inner)
        case OneOf(choices=choices):
            yield from _inside(choices[meant(shape, value)], value)
