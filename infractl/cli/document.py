"""The plan document as a file or a printed text."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from infractl.domain.plan import Plan
from infractl.errors import UsageError
from infractl.planning import planfile

MOST_BYTES = 256 * 2**20
"""A plan or a request that is larger is none."""


def plan_json(plan: Plan) -> str:
    """ASCII, so that a file's name which is no UTF-8 can stand in it."""
    return json.dumps(planfile.document(plan), indent=2) + "\n"


def save(plan: Plan, path: Path) -> None:
    """Raises UsageError where the file cannot be written, or is there and holds something else than a plan."""
    if path.is_file() and path.stat().st_size and not looks_like_plan(path):
        raise _not_saved(path, "it holds something else than a plan, and is not written over")
    try:
        _write(path, plan_json(plan).encode())
    except OSError as error:
        raise _not_saved(path, error.strerror or str(error)) from None


def _write(path: Path, data: bytes) -> None:
    """The whole plan, or what was there before, which may be approved. What is no file, such as a pipe, is written to."""
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    path = path.resolve()
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        partial.write_bytes(data)
        if path.exists():
            partial.chmod(path.stat().st_mode)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _not_saved(path: Path, detail: str) -> UsageError:
    return UsageError.of(
        "plan-not-saved",
        summary="the plan cannot be saved",
        detail=detail,
        at=str(path),
        remedy="name another file with --out",
    )


def open_plan(path: Path) -> Plan:
    """Raises UsageError where the file cannot be read, StateError where it is no plan."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES)
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
