"""Writes the JSON Schemas beside this file: `make schemas`. What they say is made from the code, by the modules named here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from infractl.planning.planfile_schema import plan_schema
from infractl.report.diagnostic_schema import diagnostics_schema
from infractl.report.estimate_document import estimate_schema
from infractl.report.explanation_document import explanation_schema
from infractl.report.optimized_document import optimized_schema
from infractl.spec.document_schema import environment_schema, project_schema, service_schema
from infractl.state.document_schema import state_schema

FOLDER = Path(__file__).parent

# What users write, what infractl writes: a file for each document, and the function that makes its schema.
SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "diagnostics.schema.json": diagnostics_schema,
    "environment.schema.json": environment_schema,
    "estimate.schema.json": estimate_schema,
    "explanation.schema.json": explanation_schema,
    "optimization.schema.json": optimized_schema,
    "plan.schema.json": plan_schema,
    "project.schema.json": project_schema,
    "service.schema.json": service_schema,
    "state.schema.json": state_schema,
}


def schemas() -> dict[str, dict[str, Any]]:
    """Every schema, by the name of its file."""
    return {name: make() for name, make in SCHEMAS.items()}


def text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name, schema in schemas().items():
        (FOLDER / name).write_text(text(schema), encoding="utf-8")
