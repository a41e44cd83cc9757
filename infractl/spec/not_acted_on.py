"""What a document asks for that this version of infractl does not act on yet. It was checked all the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from infractl.spec.schema.field import Field, fields_of
from infractl.spec.schema.shape import MapOf, OneOf, SectionOf, Shape, meant

_DEPTH = 3
"""Keys of a path: enough to find the place, and few enough to read."""


class Ahead(NamedTuple):
    """A path that is not acted on yet. `guards`: somebody may rely on it for safety."""

    path: str
    guards: bool


def not_acted_on(section: type, value: Any) -> tuple[Ahead, ...]:
    """The paths in a document that passed its checks, such as `spec.rollout.bake`; a list, and what lies deeper, as a whole.

    What is so already, as `spot: never` is while there is no other, is left out.
    """
    found: dict[str, bool] = {}
    for path, guards in _in_section(section, value, "", acted_on=True, guards=False):
        place = ".".join(path.split(".")[:_DEPTH])
        found[place] = found.get(place, False) or guards
    return tuple(Ahead(path, guards) for path, guards in found.items())


def _in_section(section: type, value: Any, prefix: str, *, acted_on: bool, guards: bool) -> Iterator[Ahead]:
    for field in fields_of(section):
        if field.key in value:
            path = f"{prefix}{field.key}"
            acted = acted_on and field.acted_on
            yield from _in_field(field, value[field.key], path, acted_on=acted, guards=guards or field.guards)


def _in_field(field: Field, value: Any, path: str, *, acted_on: bool, guards: bool) -> Iterator[Ahead]:
    if not acted_on and (value in field.already or value in ([], {})):
        return
    inside = list(_inside(field.shape, value, path))
    for section, inner, place in inside:
        yield from _in_section(section, inner, f"{place}.", acted_on=acted_on, guards=guards)
    if not acted_on and not inside:
        yield Ahead(path, guards)


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
