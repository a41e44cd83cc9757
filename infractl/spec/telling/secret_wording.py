"""What is wrong where it must be said where a secret is kept, told without a word of what stands there: it may be the secret."""

from __future__ import annotations

from infractl.errors import Diagnostic
from infractl.spec.telling.problem import error
from infractl.spec.telling.suggest import closest, sort
from infractl.spec.text import VARIABLE
from infractl.spec.validate import UNKNOWN_KEY, Finding, dotted

_SAY_WHERE = "say where it is kept, never the secret itself: {env: VARIABLE}, {file: PATH} or {secret: NAME}"

_OF_OTHERS = ("value", "name", "valueFrom", "secretKeyRef", "secretRef", "from", "ref", "path", "vault", "arn", "literal", "keys")
"""Keys that other tools have there. Any other key may be the secret itself: `{sk-live-1234}` is a mapping."""


def in_a_secret(finding: Finding, wanted: str) -> Diagnostic:
    """`wanted` is what must stand where something of another sort does."""
    place = finding.secret or ()
    at, where = finding.document.nearest_mark(place), dotted(place)
    if finding.kind in UNKNOWN_KEY:
        near = closest(finding.name, finding.known)
        shown = finding.name if near or finding.name in _OF_OTHERS else "what is not shown"
        remedy = f"did you mean {near}?" if near else _SAY_WHERE
        return error("unknown-key", "a key is not known here", f"{shown} is not a key of {where}", at, remedy)
    if finding.kind == "string_pattern_mismatch":
        remedy = "write the variable's name, never its value: FRAUD_KEYS"
        return error(VARIABLE.slug, VARIABLE.summary, f"{where} has no such name for env", at, remedy)
    if finding.kind.endswith(("too_short", "too_long")):
        detail = f"{dotted(finding.path)} is empty or too long"
        return error("wrong-length", "a text or list is too short or too long", detail, at, _SAY_WHERE)
    detail = f"{dotted(finding.path)} is {sort(finding.value)}, not {wanted or 'a mapping'}"
    return error("wrong-type", "a value is of the wrong sort", detail, at, _SAY_WHERE)
