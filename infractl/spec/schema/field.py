"""How a section of a document is declared: a frozen value whose fields carry their documentation.

`required` and `option` stand where defaults would. What a field may hold is said by its annotation (`shape`). Sections are no
dataclasses, which generate code for each class at every start: half a millisecond for each of fifty.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from inspect import get_annotations
from typing import Any, NamedTuple, dataclass_transform

from infractl.spec.schema.shape import ListOf, MapOf, OneOf, SectionOf, Shape, shape_of


class _Absent:
    """The default of what must be given."""


ABSENT = _Absent()


class _About(NamedTuple):
    text: str
    default: Any
    example: str
    acted_on: bool
    already: tuple[Any, ...]
    guards: bool


class Field(NamedTuple):
    """A declared field. `name` is the attribute's, `key` what users write; `default` is ABSENT where it must be given.

    `example` is YAML. `acted_on` is false where a later version of infractl will be the first to do something with it; values
    that say how it is `already` need nothing done. `guards`: somebody may rely on it for safety.
    """

    name: str
    key: str
    shape: Shape
    text: str
    example: str
    acted_on: bool
    already: tuple[Any, ...]
    guards: bool
    default: Any

    @property
    def required(self) -> bool:
        return self.default is ABSENT


def required(text: str, *, example: str = "", acted_on: bool = True) -> Any:
    """A field that must be given; `text` is its documentation."""
    return _About(text, ABSENT, example, acted_on, (), False)


def option(
    text: str, *, default: Any, example: str = "", acted_on: bool = True, already: tuple[Any, ...] = (), guards: bool = False
) -> Any:
    """A field that may be left out."""
    return _About(text, default, example, acted_on, already, guards)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(required, option))
class Section:
    """A mapping in a document. Its docstring documents it; its fields are its annotated attributes."""

    def __init__(self, **given: Any) -> None:
        """Raises TypeError for a field that is not declared, or not given. Values are taken as they are."""
        declared = {field.name: field for field in fields_of(type(self))}
        missing = [name for name, field in declared.items() if field.required and name not in given]
        if missing or not given.keys() <= declared.keys():
            raise TypeError(f"{type(self).__name__} has the fields {', '.join(declared)}; given are {', '.join(given) or 'none'}")
        vars(self).update({name: given.get(name, field.default) for name, field in declared.items()})

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is a value: it does not change")

    __delattr__ = __setattr__  # type: ignore[assignment]


def fields_of(section: type) -> tuple[Field, ...]:
    """What a section declares, in order. Raises TypeError for an annotation that is no shape."""
    return _fields_of(section)


@cache
def _fields_of(section: type) -> tuple[Field, ...]:
    return tuple(_fields(section))


def _fields(section: type) -> Iterator[Field]:
    for name, annotation in get_annotations(section).items():
        about = vars(section).get(name)
        if isinstance(about, _About):
            yield Field(
                name=name,
                key=key_of(name),
                shape=shape_of(annotation),
                text=about.text,
                example=about.example,
                acted_on=about.acted_on,
                already=about.already,
                guards=about.guards,
                default=about.default,
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
