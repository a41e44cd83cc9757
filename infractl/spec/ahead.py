"""What a document asks for that this version of infractl does not act on yet. It was checked all the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infractl.spec.schema.field import Field, fields_of
from infractl.spec.schema.shape import MapOf, OneOf, SectionOf, Shape, meant

_DEPTH = 3
"""Keys of a path: enough to find the place, and few enough to read."""


def not_acted_on(section: type, value: Any) -> tuple[str, ...]:
    """The paths in a document that passed its checks, such as `spec.rollout.bake`; a list, and what lies deeper, as a whole.

    What is so already, as `spot: never` is while there is no other, is left out.
    """
    paths = _in_section(section, value, "", acted_on=True)
    return tuple(dict.fromkeys(".".join(path.split(".")[:_DEPTH]) for path in paths))


def _in_section(section: type, value: Any, prefix: str, *, acted_on: bool) -> Iterator[str]:
    for field in fields_of(section):
        if field.key in value:
            yield from _in_field(field, value[field.key], f"{prefix}{field.key}", acted_on=acted_on and field.acted_on)


def _in_field(field: Field, value: Any, path: str, *, acted_on: bool) -> Iterator[str]:
    if not acted_on and (value in field.already or value in ([], {})):
        return
    inside = list(_inside(field.shape, value, path))
    for section, inner, place in inside:
        yield from _in_section(section, inner, f"{place}.", acted_on=acted_on)
    if not acted_on and not inside:
        yield path


def _inside(shape: Shape, value: Any, path: str) -> Iterator[tuple[type, Any, str]]:
    """The sections that a value holds, each with its own value and place."""
    match shape:
        case SectionOf(section=section):
            yield section, value, path
        case MapOf(value=held):
            for key, inner in value.items():
                yield from _inside(held, inner, f"{path}.{key}")
        case OneOf(choices=choices):
            yield from _inside(choices[meant(shape, value)], value, path)
