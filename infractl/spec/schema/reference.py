"""The schema of documents in which `${name}` may stand for any scalar, or in a text: it is checked once the value is there."""

from __future__ import annotations

from typing import Any

REFERENCE = "Reference"
_REFERENCE = {"$ref": f"#/$defs/{REFERENCE}"}
_ABOUT = ("title", "description", "markdownDescription", "default", "examples")


def with_references(schema: dict[str, Any], names: str) -> dict[str, Any]:
    """Scalars that a reference would not fit accept one as well; `names` is the pattern of what a reference names.

    Constants and the names of keys stay as they are.
    """
    inner = names.removeprefix("^").removesuffix("$")
    reference = {
        "title": "reference",
        "description": "Stands for a value of the environment, or of infractl.yaml.",
        # A list of one type, as in `json_schema`: an editor then keeps to the message of what it may stand for.
        "type": ["string"],
        "pattern": rf"(^|[^$])\$\{{{inner}\}}",
    }
    definitions = {name: _referring(definition) for name, definition in schema["$defs"].items()}
    return {**_referring(schema), "$defs": dict(sorted({**definitions, REFERENCE: reference}.items()))}


def _referring(schema: dict[str, Any]) -> dict[str, Any]:
    """What is no object, list or choice is a scalar; a text without a pattern takes a reference as it is."""
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], _REFERENCE]}
    if "enum" in schema or "pattern" in schema or schema.get("type") in ("integer", "number", "boolean"):
        about = {key: value for key, value in schema.items() if key in _ABOUT}
        scalar = {key: value for key, value in schema.items() if key not in _ABOUT or key == "title"}
        return {**about, "anyOf": [scalar, _REFERENCE]}
    inside: dict[str, Any] = {key: _referring(schema[key]) for key in ("items", "additionalProperties") if schema.get(key)}
    if "properties" in schema:
        inside["properties"] = {key: _referring(value) for key, value in schema["properties"].items()}
    return {**schema, **inside}
