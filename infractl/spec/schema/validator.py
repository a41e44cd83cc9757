"""Validators of sections: pydantic's engine (`pydantic_core`), told what a section declares.

pydantic's own model classes would do the same, at three times the start-up cost: see docs/decisions/spec-models.md.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from functools import cache
from typing import Any

from pydantic_core import SchemaValidator

from infractl.spec.schema.field import Field, Section, fields_of
from infractl.spec.schema.shape import (
    Anything,
    ListOf,
    MapOf,
    Number,
    OneOf,
    Quantity,
    SectionOf,
    Shape,
    Text,
    Truth,
    Words,
    meant,
)

EXTRA = "extra"
"""A section with this attribute set to "allow" keeps keys that it does not declare."""


@cache
def validator_of(section: type) -> SchemaValidator:
    """The validator of a plain value, with keys as users write them; it raises pydantic_core's ValidationError."""
    return made(_section(section))


def made(schema: Any) -> SchemaValidator:
    """A validator, for which a Ctrl-C and its like wait.

    pydantic_core asks Python for the names of the functions in a schema, and passes nothing on that is raised meanwhile: the
    interrupt would be lost, and the command would go on.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        return SchemaValidator(schema)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _section(section: type) -> Any:
    declared = fields_of(section)
    return {
        "type": "dataclass",
        "cls": section,
        "fields": [f.name for f in declared],
        "schema": {
            "type": "dataclass-args",
            "dataclass_name": section.__name__,
            "fields": [_field(f) for f in declared],
            "extra_behavior": getattr(section, EXTRA, "forbid"),
        },
    }


def _field(field: Field) -> Any:
    schema = core(field.shape)
    if not field.required:
        # By a function, as pydantic copies a default that has no hash, whole, for each document. No section ever changes.
        default = field.default
        given = {"default_factory": lambda: default} if isinstance(default, Section) else {"default": default}
        schema = {"type": "default", "schema": schema, **given}
    return {"type": "dataclass-field", "name": field.name, "validation_alias": field.key, "kw_only": True, "schema": schema}


def core(shape: Shape) -> Any:
    """The shape in the words of pydantic_core's schemas."""
    match shape:
        case Truth():
            return {"type": "bool", "strict": True}
        case Words(words=words, enum=None):
            return {"type": "literal", "expected": list(words)}
        case Words(enum=enum):
            return {"type": "enum", "cls": enum, "members": list(enum or ())}
        case Text():
            return _text(shape)
        case Number():
            return _number(shape)
        case Quantity(read=read):
            return {"type": "function-plain", "function": {"type": "no-info", "function": _quantity(read)}}
        case ListOf(item=item, least=least):
            bound = {"min_length": least} if least else {}
            return {"type": "tuple", "items_schema": [core(item)], "variadic_item_index": 0, **bound}
        case MapOf(key=key, value=value):
            return {"type": "dict", "keys_schema": core(key), "values_schema": core(value)}
        case SectionOf(section=section):
            return _section(section)
        case OneOf(choices=choices):
            alternatives = {f"({i})": core(choice) for i, choice in enumerate(choices)}
            return {"type": "tagged-union", "choices": alternatives, "discriminator": lambda v: f"({meant(shape, v)})"}
        case Anything():
            return {"type": "any"}


def _text(shape: Text) -> Any:
    bounds = {"pattern": shape.pattern, "min_length": shape.least, "max_length": shape.most}
    schema = {"type": "str", "strict": True, **{name: bound for name, bound in bounds.items() if bound}}
    if shape.normal is None:
        return schema
    normal = shape.normal
    return {
        "type": "function-before",
        "function": {"type": "no-info", "function": lambda v: normal(v) if isinstance(v, str) else v},
        "schema": schema,
    }


def _number(shape: Number) -> Any:
    bounds = {name: bound for name, bound in (("ge", shape.least), ("le", shape.most)) if bound is not None}
    if shape.whole:
        # As for JSON Schema, 3.0 is a whole number.
        whole = {"type": "int", "strict": True, **bounds}
        return {"type": "function-before", "function": {"type": "no-info", "function": _whole}, "schema": whole}
    return {"type": "float", "strict": True, "allow_inf_nan": False, **bounds}


def _whole(written: Any) -> Any:
    return int(written) if isinstance(written, float) and written.is_integer() else written


def _quantity(read: Callable[[str], Any]) -> Callable[[Any], Any]:
    def value(written: Any) -> Any:
        # A bare number has no unit: say what one looks like instead of guessing.
        return read(written if isinstance(written, str) else str(written))

    return value
