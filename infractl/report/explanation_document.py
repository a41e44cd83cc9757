"""An explanation as a document: the JSON that `explain --format json` prints, and its schema."""

from __future__ import annotations

from typing import Any

from infractl.domain.explanation import Explanation
from infractl.domain.value import Json
from infractl.state.codec import encode
from infractl.state.json_schema import document, schema

FORMAT = 1
KIND = "infractl-explanation"


def explanation_json(explanation: Explanation) -> dict[str, Any]:
    return {"format": FORMAT, "kind": KIND, "explanation": encode(explanation)}


def explanation_schema() -> dict[str, Json]:
    members: dict[str, Json] = {
        "format": {"const": FORMAT},
        "kind": {"const": KIND},
        "explanation": schema(Explanation),
    }
    root = {"type": "object", "properties": members, "required": list(members)}
    about = "What `infractl explain --format json` prints: its text is made from the same."
    return document(f"infractl explanation, format {FORMAT}", about, root, Explanation)
