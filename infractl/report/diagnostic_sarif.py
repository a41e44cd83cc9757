"""Problems as a SARIF 2.1.0 log, which code scanning shows beside a pull request's lines. Text and JSON are in `diagnostic`.

Section numbers are those of the standard: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0, Errata 01.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from infractl.errors import Diagnostic, Mark
from infractl.report.diagnostic import split_lines

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

BASE = "%SRCROOT%"
"""What relative places are relative to: the directory that infractl ran in (3.4.4)."""

FINGERPRINT = "problemText/v1"
"""Of the problem and the text that it is in, but not of its line's number (3.27.17)."""

_LINE_BREAKS = ["\r\n", "\n", "\r"]
"""Where the marks' lines were counted (3.14.17): at every line break of YAML 1.2."""

_LINK = re.compile(r"(\\*)\]\(")
"""The end of a link's text; as many backslashes as stand before it would escape each other or it."""


def as_sarif(diagnostics: Iterable[Diagnostic], version: str) -> dict[str, Any]:
    """One log with one run of infractl, whose results are the problems in the given order."""
    found = list(diagnostics)
    by_slug: dict[str, list[Diagnostic]] = {slug: [] for slug in sorted({d.slug for d in found})}
    for diagnostic in found:
        by_slug[diagnostic.slug].append(diagnostic)
    rules = [_rule(slug, alike) for slug, alike in by_slug.items()]
    index = {slug: number for number, slug in enumerate(by_slug)}
    run = {
        "tool": {"driver": {"name": "infractl", "version": version, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "newlineSequences": _LINE_BREAKS,
        "results": [_result(d, index[d.slug], fingerprint) for d, fingerprint in zip(found, _fingerprints(found), strict=True)],
    }
    return {"version": "2.1.0", "$schema": SCHEMA, "runs": [run]}


def _rule(slug: str, found: Sequence[Diagnostic]) -> dict[str, Any]:
    """What is the same of every problem with this slug. A remedy that depends on the case is told with each result only."""
    remedies = {d.remedy for d in found}
    help_text = remedies.pop() if len(remedies) == 1 else "What to do differs from case to case, and stands with each result."
    summary = {"text": _message(found[0].summary)}
    rule = {"id": slug, "shortDescription": summary, "fullDescription": summary}
    return {**rule, "help": {"text": _message(help_text)}} if help_text else rule


def _result(diagnostic: Diagnostic, rule: int, fingerprint: str) -> dict[str, Any]:
    text = "\n".join(part for part in (diagnostic.detail or diagnostic.summary, diagnostic.remedy) if part)
    return {
        "ruleId": diagnostic.slug,
        "ruleIndex": rule,
        "level": diagnostic.severity.value,
        "message": {"text": _message(text)},
        "locations": [{"physicalLocation": _location(diagnostic.at)}],
        "partialFingerprints": {FINGERPRINT: fingerprint},
    }


def _location(at: Mark | str | None) -> dict[str, Any]:
    """Code scanning refuses a result without a place: one that has none is put to the directory that was checked."""
    if not isinstance(at, Mark):
        return {"artifactLocation": _artifact(at or ".")}
    region = {"startLine": at.line, "startColumn": at.column, "endColumn": at.column + at.width}
    return {"artifactLocation": _artifact(at.file), "region": region}


def _artifact(file: str) -> Mapping[str, str]:
    """A path as a URI: relative, as the path is, or with the scheme `file` where it leads out of the directory (3.4.3)."""
    path = PurePath(file)
    if path.is_absolute():
        return {"uri": f"file://{_quoted(path)}"}
    return {"uri": _quoted(path), "uriBaseId": BASE}


def _quoted(path: PurePath) -> str:
    return quote(path.as_posix(), errors="surrogateescape")


def _message(text: str) -> str:
    """The text as a plain text message: braces are doubled (3.11.5), and no words of a user make a link (3.11.6)."""
    shown = "\n".join(split_lines(text))
    return _LINK.sub(r"\1\1\\](", shown.replace("{", "{{").replace("}", "}}"))


def _fingerprints(found: Sequence[Diagnostic]) -> list[str]:
    """For each problem, in order: what it is and what it is about, and a number where several are alike."""
    alike: Counter[str] = Counter()
    fingerprints = []
    for diagnostic in found:
        digest = hashlib.sha256("\0".join(_identity(diagnostic)).encode("utf-8", "surrogatepass")).hexdigest()
        alike[digest] += 1
        fingerprints.append(f"{digest}:{alike[digest]}")
    return fingerprints


def _identity(diagnostic: Diagnostic) -> tuple[str, ...]:
    """Without line and column, so that what is written above a problem, or its indentation, makes no new one of it."""
    match diagnostic.at:
        case Mark(file=file, column=column, width=width, text=text):
            marked = text[column - 1 : column - 1 + width]
            return (diagnostic.slug, PurePath(file).as_posix(), text.strip(), marked)
        case place:
            return (diagnostic.slug, place or "")
