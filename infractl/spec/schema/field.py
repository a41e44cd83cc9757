"""How a section of a document is declared: a frozen dataclass whose fields carry their documentation.

`required` and `option` stand where a dataclass's defaults would. What a field may hold is said by its annotation (`shape`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from typing import Any, NamedTuple, TypeVar, dataclass_transform

from infractl.spec.schema.shape import ListOf, MapOf, OneOf, SectionOf, Shape, shape_of

T = TypeVar("T")


class _About(NamedTuple):
    text: str
    example: str
    acted_on: bool


class Field(NamedTuple):
    """A declared field. `name` is the attribute's, `key` what users write; `default` is MISSING where it must be given.

    `example` is YAML. `acted_on` is false where a later version of infractl will be the first to do something with it.
    """

    name: str
    key: str
    shape: Shape
    text: str
    example: str
    acted_on: bool
    default: Any

    @property
    def required(self) -> bool:
        return self.default is MISSING


def required(text: str, *, example: str = "", acted_on: bool = True) -> Any:
    """A field that must be given; `text` is its documentation."""
    return field(metadata={"about": _About(text, example, acted_on)})


def option(text: str, *, default: Any, example: str = "", acted_on: bool = True) -> Any:
    """A field that may be left out."""
    about = {"about": _About(text, example, acted_on)}
    if isinstance(default, dict):
        return field(default_factory=default.copy, metadata=about)
    return field(default=default, metadata=about)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(required, option))
def section(declared: type[T]) -> type[T]:
    """The class as a section: a mapping in the document, a frozen value here. Its docstring documents it."""
    return dataclass(frozen=True, kw_only=True)(declared)


@cache
def fields_of(section: type) -> tuple[Field, ...]:
    """What a section declares, in order. Raises TypeError for an annotation that is no shape."""
    return tuple(_fields(section))


def _fields(section: type) -> Iterator[Field]:
    for declared in fields(section):
        about: _About = declared.metadata["about"]
        default = declared.default if declared.default_factory is MISSING else declared.default_factory()
        yield Field(
            name=declared.name,
            key=key_of(declared.name),
            shape=shape_of(declared.type),
            text=about.text,
            example=about.example,
            acted_on=about.acted_on,
            default=default,
        )


def key_of(name: str) -> str:
    """`max_batch` is written `maxBatch`; a word that Python keeps for itself ends in an underscore here, and not there."""
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(map(str.capitalize, rest))


def sections_in(shape: Shape) -> Iterator[type]:
    """The sections that a value of the shape may be, or hold in a list or as the value of a free key."""
    match shape:
        case SectionOf(section=found):
            yield found
        case ListOf(item=inner) | MapOf(value=inner):
            yield from sections_in(inner)
        case OneOf(choices=choices):
            for choice in choices:
                yield from sections_in(choice)


def shape_at(section: type, path: tuple[str | int, ...]) -> Shape | None:
    """The shape of what stands at the path inside a section; None where the section declares nothing there."""
    shapes: list[Shape] = [SectionOf(section)]
    for part in path:
        shapes = [inner for shape in shapes for inner in _inside(shape, part)]
    return shapes[0] if shapes else None


def _inside(shape: Shape, part: str | int) -> Iterator[Shape]:
    match shape:
        case SectionOf(section=found):
            yield from (f.shape for f in fields_of(found) if f.key == part)
        case ListOf(item=inner) | MapOf(value=inner):
            yield inner
        case OneOf(choices=choices):
            for choice in choices:
                yield from _inside(choice, part)
