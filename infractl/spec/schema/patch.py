"""The schema of merge patches (RFC 7396) over documents of a schema.

Nothing is required, null takes a key away, and lists are replaced as a whole.
"""

from __future__ import annotations

from typing import Any

_DROPPED = ("required", "default")
"""What is left out of a patch stays as the document says, and not as the default would be."""


def patch_definitions(schema: dict[str, Any], suffix: str) -> dict[str, Any]:
    """`$defs` for patches: each definition of the schema under its name and the suffix, and as it was for what is in lists."""
    changed = {f"{name}{suffix}": _patch(definition, suffix) for name, definition in schema["$defs"].items()}
    return {**schema["$defs"], **changed}


def patch(schema: dict[str, Any], suffix: str) -> dict[str, Any]:
    """The root: a patch itself is never null."""
    return {**_patch(schema, suffix), "type": "object"}


def _patch(schema: dict[str, Any], suffix: str) -> dict[str, Any]:
    kept = {key: value for key, value in schema.items() if key not in _DROPPED}
    if "$ref" in kept:
        return {**kept, "$ref": f"{kept['$ref']}{suffix}"}
    if "anyOf" in kept:
        choices = [_patch(choice, suffix) if "$ref" in choice else choice for choice in kept["anyOf"]]
        return {**kept, "anyOf": [*choices, {"type": "null"}]}
    if "properties" in kept:
        kept["properties"] = {key: _patch(value, suffix) for key, value in kept["properties"].items()}
    if kept.get("additionalProperties"):
        kept["additionalProperties"] = _patch(kept["additionalProperties"], suffix)
    if "type" in kept:
        of = kept["type"]
        kept["type"] = [*(of if isinstance(of, list) else [of]), "null"]
    return kept
