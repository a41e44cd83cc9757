"""JSON Schemas (draft 2020-12) of what `codec` writes, made from the same types. What surrounds it in a document is not here.

A key that has a default in the code may be missing; keys that a schema does not know are let through, words are not:
see docs/reference/documents.md.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from infractl.domain.value import Json, Output, SecretRef
from infractl.state.codec import encode

DRAFT = "https://json-schema.org/draft/2020-12/schema"

SHA256 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}

_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_PLAIN: dict[Any, Json] = {
    NoneType: {"type": "null"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    Decimal: {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?(E[+-]?[0-9]+)?$"},
    date: {"type": "string", "format": "date", "pattern": f"^{_DATE}$"},
    datetime: {
        "type": "string",
        "format": "date-time",
        "pattern": rf"^{_DATE}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(\.[0-9]+)?[+-][0-9]{{2}}:[0-9]{{2}}$",
    },
    Any: {"$ref": "#/$defs/Property"},
}


def document(title: str, description: str, root: Mapping[str, Json], *kinds: Any) -> dict[str, Json]:
    """A whole schema. `root` refers to `kinds`, and these to others: all are defined."""
    about = {"$schema": DRAFT, "title": title, "description": description}
    return {**about, **root, "$defs": dict(sorted(_definitions(kinds)))}


def schema(kind: Any) -> dict[str, Json]:
    """The schema of a type, by its annotation; a reference for one with a name. Raises TypeError for what is never written."""
    parts = get_args(kind)
    if kind in _PLAIN:
        return dict(_PLAIN[kind])
    if _is_named(kind):
        return {"$ref": f"#/$defs/{kind.__name__}"}
    if get_origin(kind) in (Union, UnionType):
        return _alternatives([schema(part) for part in parts])
    if get_origin(kind) is tuple and parts[1:] == (...,):
        return {"type": "array", "items": schema(parts[0])}
    if get_origin(kind) is Mapping:
        return {"type": "object", **_keys(parts[0]), "additionalProperties": schema(parts[1])}
    raise TypeError(f"{kind} is not written to documents")


def _is_named(kind: Any) -> bool:
    return isinstance(kind, type) and (is_dataclass(kind) or issubclass(kind, Enum))


def _alternatives(choices: list[dict[str, Json]]) -> dict[str, Json]:
    if all(set(choice) == {"type"} for choice in choices):
        return {"type": [choice["type"] for choice in choices]}
    return {"anyOf": choices}


def _keys(kind: Any) -> dict[str, Json]:
    """JSON's keys are text: a number is written in digits, a word as itself."""
    if kind is str:
        return {}
    return {"propertyNames": {"pattern": "^-?[0-9]+$"} if kind is int else schema(kind)}


def _definitions(roots: Iterable[Any]) -> Iterator[tuple[str, Json]]:
    """What the roots refer to, and what that refers to, each once. Raises TypeError where two types share a name."""
    waiting, found = list(roots), dict[str, Any]()
    while waiting:
        kind = waiting.pop()
        waiting.extend(get_args(kind))
        if kind is Any and "Property" not in found:
            found["Property"] = Any
            waiting += [Output, SecretRef]
            yield "Property", _property()
        if not _is_named(kind) or found.get(kind.__name__) is kind:
            continue
        if kind.__name__ in found:
            raise TypeError(f"two types are called {kind.__name__}: {found[kind.__name__]} and {kind}")
        found[kind.__name__] = kind
        if is_dataclass(kind):
            waiting.extend(get_type_hints(kind)[f.name] for f in fields(kind))
        yield kind.__name__, _definition(kind)


def _definition(kind: type) -> Json:
    about = {"title": re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind.__name__).lower(), **_description(kind)}
    if issubclass(kind, Enum):
        return {**about, "enum": [member.value for member in kind]}
    assert is_dataclass(kind)
    hints, declared = get_type_hints(kind), fields(kind)
    return {
        **about,
        "type": "object",
        "properties": {f.name: {**schema(hints[f.name]), **_default(f, hints[f.name])} for f in declared},
        "required": [f.name for f in declared if not _default(f, hints[f.name])],
    }


def _description(kind: type) -> dict[str, str]:
    """The docstring, a paragraph a line; dataclasses without one get a signature from Python, which says nothing new."""
    text = kind.__dict__.get("__doc__") or ""
    if not text or text.startswith(f"{kind.__name__}("):
        return {}
    return {"description": re.sub(r"(?<!\n)\n(?!\n)", " ", inspect.cleandoc(text)).replace("\n\n", "\n")}


def _default(declared: Field[Any], kind: Any) -> dict[str, Json]:
    if declared.default_factory is not MISSING:
        return {"default": encode(declared.default_factory(), kind)}
    return {} if declared.default is MISSING else {"default": encode(declared.default, kind)}


def _property() -> Json:
    """What `domain.value` writes for one: any JSON, in which an object with one `$` key is a reference."""
    value = {"$ref": "#/$defs/Property"}
    references = {
        "$output": ("A property of another resource, known once that one is applied.", schema(Output)),
        "$secret": ("Where a secret is kept.", schema(SecretRef)),
        "$blob": ("An artifact, by digest.", {"type": "string"}),
        "$redacted": ("Stands where a sensitive value was.", {"const": True}),
    }
    return {
        "title": "property",
        "description": "Any JSON, or a reference that is resolved later: an object with one key, which begins with one `$`.",
        "anyOf": [
            {"type": ["null", "boolean", "number", "string"]},
            {"type": "array", "items": value},
            {
                "description": "Values by name. A name that begins with `$` is written with a second one.",
                "type": "object",
                "patternProperties": {r"^\$([^$]|$)": False},
                "additionalProperties": value,
            },
            *(_reference(tag, about, held) for tag, (about, held) in references.items()),
        ],
    }


def _reference(tag: str, about: str, held: Json) -> Json:
    return {
        "description": about,
        "type": "object",
        "properties": {tag: held},
        "required": [tag],
        "additionalProperties": False,
    }
