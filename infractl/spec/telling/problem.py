"""One problem of a document, said in a line: what the severity's name says, with all that a reader needs."""

from __future__ import annotations

from infractl.errors import Diagnostic, Mark, Severity


def error(slug: str, summary: str, detail: str, at: Mark, remedy: str) -> Diagnostic:
    return Diagnostic(slug=slug, severity=Severity.error, summary=summary, detail=detail, at=at, remedy=remedy)


def warning(slug: str, summary: str, detail: str, at: Mark, remedy: str) -> Diagnostic:
    return Diagnostic(slug=slug, severity=Severity.warning, summary=summary, detail=detail, at=at, remedy=remedy)
