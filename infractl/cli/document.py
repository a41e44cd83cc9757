"""The plan document as a file or a printed text."""

from __future__ import annotations

import json
from pathlib import Path

from infractl.domain.plan import Plan
from infractl.errors import UsageError
from infractl.planning import planfile


def plan_json(plan: Plan) -> str:
    return json.dumps(planfile.document(plan), indent=2, ensure_ascii=False) + "\n"


def save(plan: Plan, path: Path) -> None:
    """Raises UsageError where the file cannot be written."""
    try:
        path.write_text(plan_json(plan), encoding="utf-8")
    except OSError as error:
        raise UsageError.of(
            "plan-not-saved",
            summary="the plan cannot be saved",
            detail=str(error),
            at=str(path),
            remedy="name another file with --out",
        ) from None


def open_plan(path: Path) -> Plan:
    """Raises UsageError where the file cannot be read, StateError where it is no plan."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError.of(
            "plan-missing",
            summary="the plan cannot be read",
            detail=error.strerror or str(error),
            at=str(path),
            remedy="make one: infractl plan --out PLAN",
        ) from None
    return planfile.read(data, str(path))


def looks_like_plan(path: Path) -> bool:
    """Whether a file begins as `plan --out` writes it; what it is worth is found out when it is opened."""
    try:
        with path.open("rb") as file:
            return f'"kind": "{planfile.KIND}"'.encode() in file.read(200)
    except OSError:
        return False
