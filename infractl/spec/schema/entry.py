"""Where a field stands in a document, for those who look it up: `spec.slo.latency.p95`, `targets.<name>.price`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from infractl.spec.schema.field import Field, fields_of, sections_in
from infractl.spec.schema.shape import ListOf, MapOf, OneOf, Shape


class Entry(NamedTuple):
    """A field in its place. `keys` lead to it, without lists' indexes and free keys, which `path` has placeholders for."""

    keys: tuple[str, ...]
    path: str
    field: Field
    acted_on: bool

    @property
    def inside(self) -> tuple[Entry, ...]:
        """The fields of what it holds, be it in a list, under free keys or beside words."""
        return tuple(e for section in sections_in(self.field.shape) for e in _entries(section, self))


def entries_of(root: type) -> tuple[Entry, ...]:
    """The fields of a document's root."""
    return tuple(_entries(root, None))


def entries_within(root: type) -> Iterator[Entry]:
    """Every field of a document, each before those inside it. No section holds itself."""
    waiting = list(entries_of(root))
    while waiting:
        entry = waiting.pop(0)
        yield entry
        waiting = [*entry.inside, *waiting]


def look_up(root: type, path: str) -> Entry | None:
    """The field at a path; indexes and free keys may stand in it or not. None where the document has no such field."""
    found, entries, skippable = None, entries_of(root), False
    for key in keys_of(path):
        inner = next((e for e in entries if e.keys[-1] == key), None)
        if inner is not None:
            found, entries, skippable = inner, inner.inside, _has_free_keys(inner.field.shape)
        elif skippable:
            skippable = False
        else:
            return None
    return found


def keys_of(path: str) -> tuple[str, ...]:
    """`alerts[0].when` and `alerts.0.when` are `alerts`, `when`."""
    plain = re.sub(r"\[[^\]]*\]", "", path)
    return tuple(key for key in plain.split(".") if key and not key.isdecimal())


def _entries(section: type, above: Entry | None) -> Iterator[Entry]:
    for field in fields_of(section):
        prefix = f"{above.path}{placeholder(above.field.shape)}." if above else ""
        yield Entry(
            keys=(*(above.keys if above else ()), field.key),
            path=f"{prefix}{field.key}",
            field=field,
            acted_on=field.acted_on and (above is None or above.acted_on),
        )


def placeholder(shape: Shape) -> str:
    """What stands in a path for a list's index or for a free key, before the keys inside."""
    match shape:
        case ListOf(item=item):
            return f"[]{placeholder(item)}"
        case MapOf(key=key, value=value):
            return f".<{key.named}>{placeholder(value)}"
        case _:
            return ""


def _has_free_keys(shape: Shape) -> bool:
    match shape:
        case MapOf():
            return True
        case ListOf(item=inner):
            return _has_free_keys(inner)
        case OneOf(choices=choices):
            return any(map(_has_free_keys, choices))
        case _:
            return False
