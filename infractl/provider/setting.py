"""A provider's settings as people read about them, off the JSON Schema of its model. What is right is the model's to say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A key of a target. `sort` is in words; `default` and `example` are values, None where there is none."""

    key: str
    sort: str
    text: str
    required: bool
    default: object
    example: object
    inside: tuple[Setting, ...]


def settings_of(model: type[BaseModel]) -> tuple[Setting, ...]:
    """In the order in which the provider declares them."""
    schema = model.model_json_schema()
    return tuple(_settings(schema, schema.get("$defs", {})))


def look_up(settings: tuple[Setting, ...], path: tuple[str, ...]) -> Setting | None:
    """The setting at a path of keys."""
    found = None
    for key in path:
        found = next((s for s in settings if s.key == key), None)
        if found is None:
            return None
        settings = found.inside
    return found


def _settings(schema: Mapping[str, Any], shared: Mapping[str, Any]) -> Iterator[Setting]:
    for key, declared in schema.get("properties", {}).items():
        found = _resolved(declared, shared)
        yield Setting(
            key=key,
            sort=_sort(found, shared),
            text=found.get("description", ""),
            required=key in schema.get("required", ()),
            default=found.get("default"),
            example=next(iter(found.get("examples", ())), None),
            inside=tuple(_settings(found, shared)),
        )


def _resolved(schema: Mapping[str, Any], shared: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without references, and without the null of what may be left out."""
    for word in ("anyOf", "allOf"):
        choices = [choice for choice in schema.get(word, ()) if choice.get("type") != "null"]
        if len(choices) == 1:
            schema = {**choices[0], **{k: v for k, v in schema.items() if k != word}}
    if "$ref" in schema:
        schema = {**shared[schema["$ref"].rpartition("/")[2]], **{k: v for k, v in schema.items() if k != "$ref"}}
    return schema


def _sort(schema: Mapping[str, Any], shared: Mapping[str, Any]) -> str:
    schema = _resolved(schema, shared)
    if words := schema.get("enum", [schema["const"]] if "const" in schema else []):
        return _either([str(word) for word in words])
    if choices := schema.get("anyOf"):
        return _either([_sort(choice, shared) for choice in choices if choice.get("type") != "null"])
    match schema.get("type"):
        case "string":
            return "text"
        case "boolean":
            return "true or false"
        case "integer" | "number" as sort:
            return f"{'whole number' if sort == 'integer' else 'number'}{_bounds(schema)}"
        case "array":
            return f"list, each a {_sort(schema.get('items', {}), shared)}"
        case "object" if isinstance(held := schema.get("additionalProperties"), Mapping):
            return f"mapping, each a {_sort(held, shared)}"
        case "object":
            return "mapping"
        case _:
            return "anything"


def _bounds(schema: Mapping[str, Any]) -> str:
    match schema.get("minimum"), schema.get("maximum"):
        case None, None:
            return ""
        case least, None:
            return f" of at least {least}"
        case None, most:
            return f" of at most {most}"
        case least, most:
            return f" from {least} to {most}"


def _either(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if words[1:] else "".join(words)
