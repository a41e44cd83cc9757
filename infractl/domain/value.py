"""What a resource's properties are made of: plain JSON values, and references that are resolved later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from infractl.domain.address import Address

Json = Any
"""None, bool, int, float, str, or lists and str-keyed mappings of these."""


@dataclass(frozen=True, slots=True)
class Output:
    """A property of another resource of the same service, known once that one is applied."""

    address: Address
    attribute: str

    def __str__(self) -> str:
        return f"{self.address}.{self.attribute}"


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a secret is kept: source ("env", "file"), name, version. Resolved only inside a provider's `begin`."""

    source: str
    name: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class Blob:
    """An artifact by digest; a provider fetches its bytes from the context."""

    digest: str


@dataclass(frozen=True, slots=True)
class Redacted:
    """Stands where a sensitive value was: in plans, state, logs and errors."""


Properties = Mapping[str, Any]
"""Attribute names to Json, Output, SecretRef, Blob or Redacted, nested in lists and mappings."""

_TAGS: dict[str, Callable[[Any], Any]] = {
    "$output": lambda v: Output(Address(**v["address"]), v["attribute"]),
    "$secret": lambda v: SecretRef(**v),
    "$blob": lambda v: Blob(v),
    "$redacted": lambda _: Redacted(),
}


def encode(value: Any) -> Json:
    """The JSON of a property: a reference becomes a one-key object such as `{"$blob": "9f2c…"}`; other `$` keys become `$$`."""
    match value:
        # Nearly everything is one of these: they come before what takes longer to rule out.
        case None | bool() | int() | float() | str():
            return value
        case Output(address=a, attribute=attribute):
            return {"$output": {"address": a.as_dict(), "attribute": attribute}}
        case SecretRef(source=source, name=name, version=version):
            return {"$secret": {"source": source, "name": name, "version": version}}
        case Blob(digest=digest):
            return {"$blob": digest}
        case Redacted():
            return {"$redacted": True}
        case Mapping():
            return {("$" + k if k.startswith("$") else k): encode(v) for k, v in value.items()}
        case list() | tuple():
            return [encode(v) for v in value]
        case _:
            raise TypeError(f"a property cannot hold {type(value).__name__}")


def decode(json: Json) -> Any:
    """The inverse of `encode`."""
    if isinstance(json, str):
        return json
    if isinstance(json, Mapping):
        if len(json) == 1 and (tag := next(iter(json))) in _TAGS:
            return _TAGS[tag](json[tag])
        return {(k[1:] if k.startswith("$$") else k): decode(v) for k, v in json.items()}
    if isinstance(json, list | tuple):
        return [decode(v) for v in json]
    return json


def resolve(value: Any, known: Callable[[Output], Any]) -> Any:
    """`value` with each Output replaced by `known(output)`, which may be the Output itself if it is not known yet."""
    match value:
        case None | int() | float() | str():
            return value
        case Output():
            return known(value)
        case Mapping():
            return {k: resolve(v, known) for k, v in value.items()}
        case list() | tuple():
            return [resolve(v, known) for v in value]
        case _:
            return value


def outputs_in(value: Any) -> tuple[Output, ...]:
    """Every Output inside `value`."""
    match value:
        case None | int() | float() | str():
            return ()
        case Output():
            return (value,)
        case Mapping():
            return tuple(o for v in value.values() for o in outputs_in(v))
        case list() | tuple():
            return tuple(o for v in value for o in outputs_in(v))
        case _:
            return ()
