"""How much of a file is read, and how much of its problems is told: what is larger was not written by people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

from infractl.errors import Diagnostic, Mark, Severity

MOST_NODES = 400_000
"""Keys and values that a file may hold: those of thousands of services. More would only take memory and time."""

MOST_LAID = 2_000_000
"""Keys and values of all documents that an environment changes: a long patch may be for thousands of services."""

MOST_DOCUMENTS = 10_000
"""Documents that a file may hold."""

MOST_ALIASED = 10_000
"""Nodes that aliases may repeat in one document: enough for any sane use, and no bomb."""

MOST_PROBLEMS = 100
"""Problems that are told of one document: nobody mends more in one go."""

MOST_PROBLEMS_IN_ALL = 1_000
"""Problems after which no more documents are checked."""

_LONGEST = 60
_CHARACTERS_OF_A_NODE = 64


def weight(text: str) -> int:
    """As how many nodes a text counts, so that aliases cannot repeat megabytes."""
    return 1 + len(text) // _CHARACTERS_OF_A_NODE


def cut(text: str) -> str:
    """The start of what may be too long for a message."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def too_long(at: Mark) -> Diagnostic:
    return Diagnostic(
        slug="yaml-size",
        severity=Severity.error,
        summary="the file holds more than can be read",
        detail=f"it has more than {MOST_NODES} keys and values, or more than {MOST_DOCUMENTS} documents",
        at=at,
        remedy="split the file into several, or leave out what no person wrote",
    )


def too_much_laid(at: Mark) -> Diagnostic:
    return Diagnostic(
        slug="environment-size",
        severity=Severity.error,
        summary="an environment makes more of the services than can be held",
        detail=f"up to here its patches and values give more than {MOST_LAID} keys and values",
        at=at,
        remedy="patch single services with what only they need, and shorten long values",
    )


def first(problems: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The first problems of a document; where there are more, they are not even looked for, and that is said."""
    told = list(islice(problems, MOST_PROBLEMS + 1))
    if len(told) > MOST_PROBLEMS:
        more = more_problems(told[-1].at, f"the first {MOST_PROBLEMS} of their sort are told")
        harmless = all(problem.severity is not Severity.error for problem in told)
        told[-1] = replace(more, severity=Severity.warning) if harmless else more
    return told


def more_problems(at: Mark | str | None, detail: str) -> Diagnostic:
    return Diagnostic(
        slug="more-problems",
        severity=Severity.error,
        summary="there are more problems than are told",
        detail=detail,
        at=at,
        remedy="mend those that are told, and run the command again",
    )
