"""Validated values and YAML examples as the plain values that users write: `10m` for 600 seconds, words for enums.

The way back is the validator's.
"""

from __future__ import annotations

from typing import Any

from infractl.spec.schema.field import Section, fields_of
from infractl.spec.schema.shape import ListOf, MapOf, OneOf, Quantity, SectionOf, Shape, Words


def plain(shape: Shape, value: Any) -> Any:
    """What a user would write to get the value. A section's fields that are as their defaults are left out."""
    match shape:
        case Quantity(write=write):
            return write(value)
        case Words():
            return str(value)
        case ListOf(item=item):
            return [plain(item, v) for v in value]
        case MapOf(value=held):
            return {str(key): plain(held, v) for key, v in value.items()}
        case SectionOf(section=section):
            given = [(f, getattr(value, f.name)) for f in fields_of(section)]
            return {f.key: plain(f.shape, v) for f, v in given if v != f.default}
        case OneOf(choices=choices):
            return plain(next(choice for choice in choices if _gives(choice, value)), value)
        case _:
            return value


def _gives(shape: Shape, value: Any) -> bool:
    """Whether a validated value can have come from the shape."""
    match shape:
        case Words(words=words):
            return isinstance(value, str) and value in words
        case SectionOf(section=section):
            return isinstance(value, section)
        case _:
            return not isinstance(value, Section)


def example_of(yaml: str) -> Any:
    """The value of a field's example."""
    from infractl.spec.yaml.parse import parse

    (document,) = parse(f"{yaml}\n".encode(), "example").documents
    return document.value


def on_a_line(value: Any) -> str:
    """A plain value as YAML on one line, for people to read."""
    match value:
        case bool():
            return str(value).lower()
        case list():
            return f"[{', '.join(map(on_a_line, value))}]"
        case dict():
            return f"{{{', '.join(f'{key}: {on_a_line(held)}' for key, held in value.items())}}}"
        case _:
            return str(value)
