"""An estimate as a document: the JSON that `estimate --format json` prints, and its schema."""

from __future__ import annotations

from typing import Any

from infractl.domain.estimate import Estimate
from infractl.domain.value import Json
from infractl.state.codec import encode
from infractl.state.json_schema import document, schema

FORMAT = 1
KIND = "infractl-estimate"


def estimate_json(estimate: Estimate) -> dict[str, Any]:
    return {"format": FORMAT, "kind": KIND, "estimate": encode(estimate)}


def estimate_schema() -> dict[str, Json]:
    members: dict[str, Json] = {"format": {"const": FORMAT}, "kind": {"const": KIND}, "estimate": schema(Estimate)}
    root = {"type": "object", "properties": members, "required": list(members)}
    about = "What `infractl estimate --format json` prints: its text is made from the same."
    return document(f"infractl estimate, format {FORMAT}", about, root, Estimate)
