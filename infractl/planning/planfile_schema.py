"""The JSON Schema of a saved plan: what surrounds the plan is what `planfile.document` writes."""

from __future__ import annotations

from infractl.domain.action import Action
from infractl.domain.plan import Plan
from infractl.domain.value import Json
from infractl.planning.planfile import FORMAT, KIND
from infractl.state.json_schema import SHA256, document, schema


def plan_schema() -> dict[str, Json]:
    members: dict[str, Json] = {
        "format": {"const": FORMAT},
        "kind": {"const": KIND},
        "digest": {**SHA256, "description": "Of the canonical JSON of `plan` without `created_at` and `created_by`."},
        "summary": {
            "type": "object",
            "description": "How many resources each action is for. An action that does not occur is left out.",
            "propertyNames": schema(Action),
            "additionalProperties": {"type": "integer", "minimum": 1},
        },
        "plan": schema(Plan),
    }
    root = {"type": "object", "properties": members, "required": list(members)}
    about = (
        "What `infractl plan --json` prints and `infractl plan --out` saves: it is reviewed, and `infractl apply` performs it."
    )
    return document(f"infractl plan, format {FORMAT}", about, root, Action, Plan)
