"""The plan as a document: the JSON that `plan --json` prints, `plan --out` saves, reviewers approve and `apply` takes."""

from __future__ import annotations

import json
from typing import Any

from infractl.domain.plan import Plan
from infractl.errors import StateError
from infractl.state.codec import decode, digest, encode

FORMAT = 3
"""A member more is another format: an infractl that does not know it must not carry the plan out without it."""
KIND = "infractl-plan"

_NOT_REVIEWED = ("created_at", "created_by")
"""Two plans that differ in these alone are the same plan, with the same digest."""


def document(plan: Plan) -> dict[str, Any]:
    """The whole plan with its digest and, for people and scripts, the number of changes by action."""
    body = encode(plan)
    return {"format": FORMAT, "kind": KIND, "digest": plan_digest(plan), "summary": summary(plan), "plan": body}


def plan_digest(plan: Plan) -> str:
    """The sha256 (hex) of what is reviewed: everything but who made the plan and when."""
    return _digest(encode(plan))


def summary(plan: Plan) -> dict[str, int]:
    """How many resources are created, updated, replaced and so on; actions that do not occur are left out."""
    counts: dict[str, int] = {}
    for change in (c for s in plan.services for c in s.changes):
        counts[change.action.value] = counts.get(change.action.value, 0) + 1
    return dict(sorted(counts.items()))


def read(text: str | bytes, at: str) -> Plan:
    """The plan in a saved document. Raises StateError, placed at `at`, where it is none, is newer, or was edited."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _unreadable(at, f"it is not JSON ({error})") from None
    if not isinstance(found, dict) or found.get("kind") != KIND:
        raise _unreadable(at, "it is not a document that infractl plan --out wrote")
    version = found.get("format")
    if type(version) is int and version > FORMAT:
        raise StateError.of(
            "plan-newer",
            summary="this plan was made by a newer infractl",
            detail=f"its format is {version}, and this infractl reads up to {FORMAT}",
            at=at,
            remedy="apply it with the version that made it, or the newest: pip install --upgrade infractl",
        )
    if version != FORMAT:
        raise _unreadable(at, f"its format is {found.get('format')!r}, this infractl reads {FORMAT}")
    body = found.get("plan")
    if not isinstance(body, dict) or not _intact(body, found.get("digest")):
        raise StateError.of(
            "plan-edited",
            summary="this plan is not what was saved",
            detail="its content does not have the digest that it carries",
            at=at,
            remedy="make it again: infractl plan --out PLAN",
        )
    try:
        plan = decode(Plan, body)
    except ValueError as error:
        raise _unreadable(at, f"its content does not fit ({error})") from None
    return plan


def _intact(body: dict[str, Any], expected: object) -> bool:
    try:
        return _digest(body) == expected
    except (ValueError, RecursionError):
        # It holds what no plan can: NaN, half a character, or a thousand levels.
        return False


def _digest(body: dict[str, Any]) -> str:
    return digest({name: value for name, value in body.items() if name not in _NOT_REVIEWED})


def _unreadable(at: str, detail: str) -> StateError:
    return StateError.of(
        "plan-unreadable",
        summary="this is no plan that can be applied",
        detail=detail,
        at=at,
        remedy="make one: infractl plan --out PLAN",
    )
