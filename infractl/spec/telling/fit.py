"""A user's value as it may stand at another place, or in another form: in a list, under a key, with its unit.

What fits nowhere is not bent until it does: there the field's own example is shown (`remedy`, `unknown_key`).
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

from pydantic_core import ValidationError

from infractl.spec.schema.as_written import example_of
from infractl.spec.schema.field import Field, fields_of
from infractl.spec.schema.shape import ListOf, MapOf, Number, OneOf, Quantity, SectionOf, Shape, Text, Truth, Words
from infractl.spec.schema.validator import core, made
from infractl.spec.section.budget import Budget
from infractl.spec.section.rollout import Limits
from infractl.spec.section.secret import SecretSource
from infractl.spec.section.slo import Latency
from infractl.spec.section.traffic import Traffic
from infractl.spec.telling.conceal import tells_a_secret
from infractl.spec.telling.meant_quantity import meant_quantity

_LONGEST = 80
"""Of what is proposed; a longer value is not worth repeating."""

_FIRST = {Latency: "p99", Limits: "p99", Traffic: "peak", Budget: "monthly"}
"""The key that a value alone is for, where it fits several."""

_FIRST_VERSION = "1"

_ON = ("on", "yes", "true", "enable", "enabled")
_OFF = ("off", "no", "false", "disable", "disabled", "none")

_LISTED_WORDS = ("command", "arguments")
"""Lists whose items are the words of a command line."""


def proposal(shape: Shape | None, value: Any, key: str = "") -> str | None:
    """The user's value in YAML, on a line, as it may stand under the key of this shape; None where it does not fit."""
    fit = fitted(shape, value, key)
    text = None if fit is None else flow(fit)
    return text if text is not None and len(text) <= _LONGEST and text.isprintable() else None


def fitted(shape: Shape | None, value: Any, key: str = "") -> Any | None:
    """The value in a form that the shape takes; None where there is none that says the same."""
    if shape is None or value is None:
        return None
    return next((form for form in _forms(shape, value, key) if form is not None and _takes(shape, form)), None)


def _takes(shape: Shape, value: Any) -> bool:
    try:
        made(core(shape)).validate_python(value)
    except ValidationError:
        return False
    return True


def _forms(shape: Shape, value: Any, key: str) -> Iterator[Any]:
    """What the value could be at the place, likeliest first. Not all of it is right: `fitted` tries."""
    if isinstance(value, dict) and not isinstance(shape, OneOf):
        yield value if not _holds_a_secret(shape) else None
        return
    match shape:
        case OneOf(choices=choices):
            yield from _switched(choices, value)
            yield from (fitted(choice, value, key) for choice in choices)
        case Truth():
            yield value if isinstance(value, bool) else True if is_on(value) else False if _is_off(value) else None
        case Words():
            yield from _switched((shape,), value)
            yield value if isinstance(value, str) and value in shape.words else str(value).lower()
        case Quantity():
            yield value if isinstance(value, str) else None
            yield meant_quantity(_text(value), shape, key)
        case Text():
            yield value if isinstance(value, str) else str(value) if type(value) is int else None
        case Number():
            yield _number(value) if isinstance(value, str) else value if not isinstance(value, bool) else None
        case ListOf(item=item):
            yield from ([fitted(item, part) for part in parts] for parts in _parts(value, key))
        case MapOf():
            yield _named(shape, value)
        case SectionOf(section=section):
            yield from _sections(section, value)


def _switched(choices: tuple[Shape, ...], value: Any) -> Iterator[str]:
    """`true` and `on` are `auto` where that is a word, `false` is `off`."""
    words = [str(word) for choice in choices if isinstance(choice, Words) for word in choice.words]
    yield from ("auto" for _ in words[:1] if "auto" in words and is_on(value))
    yield from ("off" for _ in words[:1] if "off" in words and _is_off(value))


def is_on(value: Any) -> bool:
    """Whether a value only says that something is wanted."""
    return value is True or (isinstance(value, str) and value.lower() in _ON)


def _is_off(value: Any) -> bool:
    return value is False or (isinstance(value, str) and value.lower() in _OFF)


def _text(value: Any) -> str:
    return "" if isinstance(value, bool | dict | list) else str(value)


def _number(text: Any) -> int | float | None:
    if isinstance(text, str) and re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,15})?", text):
        return float(text) if "." in text else int(text)
    return None


def _parts(value: Any, key: str) -> Iterator[list[Any]]:
    """A text's items: the words of a command line, or what commas part."""
    if isinstance(value, list):
        yield value
    elif isinstance(value, str) and key in _LISTED_WORDS:
        try:
            yield shlex.split(value)
        except ValueError:
            yield [value]
    else:
        if isinstance(value, str) and "," in value:
            yield [part.strip() for part in value.split(",")]
        yield [value]


def _named(shape: MapOf, value: Any) -> dict[str, Any] | None:
    """`[{name: A, value: b}]` and `[A=b]` as a mapping; None where a value seems to be a secret."""
    pairs = dict(filter(None, map(_pair, value if isinstance(value, list) else [value])))
    if len(pairs) != (len(value) if isinstance(value, list) else 1) or any(tells_a_secret(n, v) for n, v in pairs.items()):
        return None
    return {name: fitted(shape.value, held) for name, held in pairs.items()}


def _pair(item: Any) -> tuple[str, Any] | None:
    if isinstance(item, dict) and item.keys() == {"name", "value"} and isinstance(item["name"], str):
        return item["name"], item["value"]
    if isinstance(item, dict) and len(item) == 1:
        return next(iter(item.items()))
    name, found, held = str(item).partition("=")
    return (name, held) if found and isinstance(item, str) else None


def _sections(section: type, value: Any) -> Iterator[dict[str, Any] | None]:
    """The value under one of the section's keys, beside the examples of what must be given as well."""
    if isinstance(value, list):
        yield fitted(SectionOf(section), value[0]) if len(value) == 1 else None
        return
    if section is SecretSource:
        return
    fields = sorted(fields_of(section), key=lambda f: (f.key != _FIRST.get(section), not f.required))
    if section is Limits and (condition := _condition(fields, value)):
        yield condition
    for field in fields:
        if (field.required or not _free(field.shape)) and (held := fitted(field.shape, value, field.key)) is not None:
            others = {f.key: _FIRST_VERSION if f.key == "version" else example_of(f.example) for f in fields if f.required}
            yield {f.key: {**others, field.key: held}[f.key] for f in fields_of(section) if f is field or f.required}


def _condition(fields: list[Field], value: Any) -> dict[str, Any] | None:
    """`p99 > 20ms` as `{p99: 20ms}`."""
    match = re.fullmatch(r"([A-Za-z0-9_. ]+?)\s*(?:>=?|above|over|exceeds)\s*(.+)", value) if isinstance(value, str) else None
    words = re.sub("[^a-z0-9]", "", match[1].lower()) if match else ""
    for field in fields if match else ():
        if words.removeprefix("latency").removesuffix("latency") == field.key.lower():
            return {field.key: fitted(field.shape, match[2] if match else "", field.key)}
    return None


def _free(shape: Shape) -> bool:
    """Whether any text fits, so that fitting says nothing."""
    match shape:
        case ListOf(item=inner) | MapOf(value=inner):
            return _free(inner)
        case OneOf(choices=choices):
            return any(map(_free, choices))
        case Text(pattern=pattern):
            return not pattern
        case _:
            return False


def _holds_a_secret(shape: Shape) -> bool:
    return isinstance(shape, SectionOf) and shape.section is SecretSource


def flow(value: Any) -> str:
    """A plain value as YAML on one line, in quotes where a text would be read as something else."""
    match value:
        case bool():
            return str(value).lower()
        case list() | tuple():
            return f"[{', '.join(map(flow, value))}]"
        case dict():
            return f"{{{', '.join(f'{flow(key)}: {flow(held)}' for key, held in value.items())}}}"
        case str():
            return value if _is_plain(value) else json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)


def _is_plain(text: str) -> bool:
    """Whether YAML reads it as this text without quotes, inside of brackets as well."""
    from infractl.spec.yaml.parse import parse

    documents = parse(f"a: {text}\nb: [{text}]".encode("utf-8", "replace"), "proposal").documents
    return [(d.value, d.problems) for d in documents] == [({"a": text, "b": [text]}, ())]
