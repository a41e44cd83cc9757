"""The JSON Schema of a state document: what surrounds the state is what `document.pack` writes."""

from __future__ import annotations

from infractl.domain.service_state import ServiceState
from infractl.domain.value import Json
from infractl.state.document import FORMAT, KIND
from infractl.state.json_schema import SHA256, document, schema


def state_schema() -> dict[str, Json]:
    """The outer members are closed: another one makes another format."""
    members: dict[str, Json] = {
        "format": {"const": FORMAT},
        "kind": {"const": KIND},
        "sha256": {**SHA256, "description": "Of the canonical JSON of an object with `body` and `parent`."},
        "parent": {
            "anyOf": [SHA256, {"type": "null"}],
            "description": "The `sha256` of the version before; null for the first.",
        },
        "body": schema(ServiceState),
    }
    root = {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}
    about = "What infractl knows of one service. A store writes it as canonical JSON; nothing else may."
    return document(f"infractl state, format {FORMAT}", about, root, ServiceState)
