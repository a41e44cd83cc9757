"""JSON Schemas (draft 2020-12) of sections: what the validator accepts, with the documentation that editors show.

Sections, and texts, words and quantities that have a name, are defined once, in `$defs`. `errorMessage` and
`markdownDescription` are for editors; a validator passes over keywords that it does not know.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any

from infractl.spec.schema.as_written import example_of, plain
from infractl.spec.schema.describe import either, one, sort_of, title_of
from infractl.spec.schema.field import Field, fields_of
from infractl.spec.schema.shape import ListOf, MapOf, Number, OneOf, Quantity, SectionOf, Shape, Text, Truth, Words
from infractl.spec.schema.validator import EXTRA
from infractl.spec.schema.within import sections_of

DRAFT = "https://json-schema.org/draft/2020-12/schema"
NOT_YET = "Not acted on yet."

Schema = dict[str, Any]


def json_schema(root: type, title: str) -> Schema:
    """The whole schema of a document that is a `root`. Raises TypeError where two definitions share a name."""
    sections = sections_of(root)
    definitions: dict[str, Schema] = {}
    for name, definition in _definitions(sections):
        if definitions.setdefault(name, definition) != definition:
            raise TypeError(f"two definitions are called {name}")
    about = {"$schema": DRAFT, "title": title, **described(doc_of(root))}
    del definitions[root.__name__]
    return {**about, **_mapping(root, sections[root]), "$defs": dict(sorted(definitions.items()))}


def schema(shape: Shape) -> Schema:
    """The schema of a shape; of one that has a name, a reference."""
    if name := name_of(shape):
        return {"$ref": f"#/$defs/{name}"}
    match shape:
        case ListOf(item=item, least=least):
            return {"type": "array", "items": schema(item), **({"minItems": least} if least else {})}
        case MapOf(key=key, value=value):
            # A key is itself: it has neither another spelling nor a definition that could come to allow one.
            return {"type": "object", "propertyNames": _bounds(key), "additionalProperties": schema(value)}
        case OneOf():
            return {"anyOf": list(_alternatives(shape))}
        case _:
            return _scalar(shape)


def name_of(shape: Shape) -> str:
    """What the shape is called in `$defs`; nothing where it stands in its place."""
    match shape:
        case SectionOf(section=section):
            return section.__name__
        case Words(enum=enum) if enum:
            return enum.__name__
        case Text(named=named) | Quantity(named=named) if named != "text":
            return "".join(word.capitalize() for word in re.findall(r"\w+", named.replace("'s", "")))
        case _:
            return ""


def doc_of(section: type) -> str:
    """A section's docstring, a paragraph a line."""
    return re.sub(r"(?<!\n)\n(?!\n)", " ", inspect.getdoc(section) or "").replace("\n\n", "\n")


def text_of(field: Field) -> str:
    """A field's documentation, and what its section's says beside what it is."""
    if not isinstance(field.shape, SectionOf):
        return field.text
    return " ".join((field.text, *re.split(r"(?<=\.)\s", doc_of(field.shape.section))[1:]))


def described(text: str, *, example: str = "") -> Schema:
    """Editors show a description as it stands, and Markdown only where they are told that it is."""
    markdown = f"{text}\n\n```yaml\n{example}\n```" if example else text
    return {"description": text, **({"markdownDescription": markdown} if "`" in markdown else {})}


def _definitions(sections: Mapping[type, bool]) -> Iterator[tuple[str, Schema]]:
    for section, acted_on in sections.items():
        yield section.__name__, {"title": title_of(section), **described(doc_of(section)), **_mapping(section, acted_on)}
        for field in fields_of(section):
            for shape in _named(field.shape):
                yield name_of(shape), {"title": sort_of(shape), **_scalar(shape)}


def _named(shape: Shape) -> Iterator[Shape]:
    """The shapes with names that a shape is made of, sections and keys aside."""
    match shape:
        case ListOf(item=inner) | MapOf(value=inner):
            yield from _named(inner)
        case OneOf(choices=choices):
            for choice in choices:
                yield from _named(choice)
        case Text() | Quantity() | Words() if name_of(shape):
            yield shape


def _mapping(section: type, acted_on: bool) -> Schema:
    declared = fields_of(section)
    required = [f.key for f in declared if f.required]
    return {
        "type": "object",
        "properties": {f.key: _property(f, acted_on) for f in declared},
        **({"required": required} if required else {}),
        **({} if getattr(section, EXTRA, "forbid") == "allow" else {"additionalProperties": False}),
    }


def _property(field: Field, acted_on: bool) -> Schema:
    text = text_of(field) if acted_on and field.acted_on else f"{text_of(field)} {NOT_YET}"
    default = None if field.required or field.default is None else plain(field.shape, field.default)
    example = example_of(field.example) if field.example else None
    return {
        **({} if name_of(field.shape) else {"title": sort_of(field.shape)}),
        # An editor offers examples as values and has no name for a mapping: it goes into the text.
        **described(text, example=field.example if isinstance(example, dict) else ""),
        **schema(field.shape),
        # What is empty unless it is given needs no saying, and an editor would write it down.
        **({"default": default} if default not in (None, [], {}) else {}),
        **({} if example is None or isinstance(example, dict) else {"examples": [example]}),
    }


def _alternatives(shape: OneOf) -> Iterator[Schema]:
    """Whichever an editor speaks of when none fits, its message tells of all."""
    message = f"Write {either(w for choice in shape.choices for w in _wanted(choice))}."
    for choice in shape.choices:
        if isinstance(choice, SectionOf | ListOf | MapOf):
            yield schema(choice)
        else:
            scalar = {**_scalar(choice), "errorMessage": message}
            # Not a type alone but a list of one: from types alone an editor makes a message of its own.
            yield {**scalar, "type": [scalar["type"]]} if "type" in scalar else scalar


def _scalar(shape: Shape) -> Schema:
    message = {"errorMessage": f"Write {either(_wanted(shape))}."}
    match shape:
        case Truth():
            return {"type": "boolean", **message}
        case Words(words=words):
            return {"const": words[0]} if len(words) == 1 else {"enum": [str(w) for w in words]}
        case Number(whole=whole, least=least, most=most):
            bounds = {name: b for name, b in (("minimum", least), ("maximum", most)) if b is not None}
            return {"type": "integer" if whole else "number", **bounds, **message}
        case Quantity(pattern=pattern):
            return {"type": "string", "pattern": pattern, **message}
        case Text(remedy=remedy):
            return {
                "type": "string",
                **_bounds(shape),
                **({"errorMessage": f"{remedy[:1].upper()}{remedy[1:]}."} if remedy else {}),
            }
        case _:
            return {}


def _bounds(shape: Text) -> Schema:
    bounds = {"minLength": shape.least, "maxLength": shape.most, "pattern": shape.spelled or shape.pattern}
    return {name: bound for name, bound in bounds.items() if bound}


def _wanted(shape: Shape) -> tuple[str, ...]:
    match shape:
        case Words(words=words):
            return words
        case Quantity(examples=examples):
            return (f"{one(shape)} such as {' or '.join(examples)}",)
        case SectionOf(section=section):
            return (f"a mapping of {', '.join(f.key for f in fields_of(section))}",)
        case _:
            return (one(shape),)
