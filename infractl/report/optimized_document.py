"""What `infractl optimize --format json` prints, and its schema."""

from __future__ import annotations

from typing import Any

from infractl.domain.optimized import Optimized
from infractl.domain.value import Json
from infractl.state.codec import encode
from infractl.state.json_schema import document, schema

FORMAT = 1
KIND = "infractl-optimization"


def optimized_json(optimized: Optimized) -> dict[str, Any]:
    return {"format": FORMAT, "kind": KIND, "optimized": encode(optimized)}


def optimized_schema() -> dict[str, Json]:
    members: dict[str, Json] = {"format": {"const": FORMAT}, "kind": {"const": KIND}, "optimized": schema(Optimized)}
    root = {"type": "object", "properties": members, "required": list(members)}
    about = "What `infractl optimize --format json` prints: its text is made from the same."
    return document(f"infractl optimization, format {FORMAT}", about, root, Optimized)
