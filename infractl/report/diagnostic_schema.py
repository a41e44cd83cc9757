"""The JSON Schema of problems as `diagnostic.as_json` writes them."""

from __future__ import annotations

from infractl.domain.value import Json
from infractl.errors import Diagnostic
from infractl.state.json_schema import document, schema


def diagnostics_schema() -> dict[str, Json]:
    root = {"type": "array", "items": schema(Diagnostic)}
    about = "What `infractl validate --json` prints: every problem, sorted by file and line. An empty list: there is none."
    return document("infractl diagnostics", about, root, Diagnostic)
