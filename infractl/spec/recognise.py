"""Which documents are meant for infractl: directories hold other tools' YAML as well, and a file that was named must be ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from infractl.errors import Diagnostic, Diagnostics, Mark, Severity, SpecError
from infractl.spec.find import ENVIRONMENTS, Candidate, read
from infractl.spec.telling.suggest import sort, written
from infractl.spec.yaml.document import Document
from infractl.spec.yaml.limit import MOST_PROBLEMS, more_problems
from infractl.spec.yaml.parse import parse

GROUP = "infractl.dev"
"""What every apiVersion of ours begins with."""

SERVICE = "InferenceService"
ENVIRONMENT = "Environment"

_NEAR = 0.8
"""How like a word is that is meant to be another, by difflib's ratio. What Kubernetes and others write is farther away."""


def documents(candidate: Candidate, problems: Diagnostics) -> Iterator[Document]:
    """The documents of a file that are ours. What cannot be read, and what is skipped, is added to `problems`."""
    try:
        data = read(candidate.path)
    except SpecError as error:
        problems.extend(error.diagnostics)
        return
    parsed = parse(data, candidate.shown)
    if parsed.problems and not candidate.named and GROUP.encode() not in data:
        _skip(problems.note, f"it cannot be read as YAML ({parsed.problems[0].slug}) and does not name {GROUP}", candidate.shown)
        return
    problems.extend(parsed.problems)
    if not parsed.documents and not parsed.problems:
        _empty(candidate, problems)
    if candidate.at_home and candidate.named and parsed.documents and not any(_meant(d.value) for d in parsed.documents):
        problems.extend([undeclared(candidate, _foreign(parsed.documents[0].value), parsed.documents[0].nearest_mark(()))])
        return
    refused = 0
    for document in parsed.documents:
        if ours(document.value, candidate.named) or (candidate.at_home and _meant(document.value)):
            problems.extend(document.problems)
            yield document
        elif candidate.named and refused == MOST_PROBLEMS:
            problems.extend([more_problems(document.nearest_mark(()), "the file is not looked at any further")])
            return
        elif candidate.named:
            refused += 1
            problems.extend(document.problems)
            _refuse(document, candidate, problems)
        else:
            say = problems.warning if _beheaded(document.value) else problems.note
            _skip(say, _foreign(document.value), document.nearest_mark(()))


def is_environment(document: Document, candidate: Candidate) -> bool:
    """Whether a document of ours is to be an environment: by its kind or a slip in it; else by the place where it lies."""
    kind = document.value.get("kind")
    return kind != SERVICE and (_near(kind, ENVIRONMENT) or (candidate.at_home and not _near(kind, SERVICE)))


def ours(value: Any, named: bool) -> bool:
    """Whether a document is meant to be ours, be it with a wrong version or kind, or a slip in either.

    KServe has an InferenceService too, so the apiVersion of another group settles it. In a file that was named, a forgotten
    apiVersion is better reported as a missing key.
    """
    if not isinstance(value, dict):
        return False
    version = value.get("apiVersion")
    if version is None:
        return named or _near(value.get("kind"), SERVICE)
    group, has_group, _ = str(version).partition("/")
    return _near(group, GROUP) or (not has_group and _near(value.get("kind"), SERVICE))


def _near(word: Any, meant: str) -> bool:
    if word == meant:
        return True
    from difflib import SequenceMatcher

    return isinstance(word, str) and SequenceMatcher(a=word[:60].lower(), b=meant.lower()).ratio() >= _NEAR


def _meant(value: Any) -> bool:
    """Whether a document among environments says that it is ours, be it without an apiVersion."""
    nameless = isinstance(value, dict) and value.get("apiVersion") is None
    return ours(value, named=False) or (nameless and _near(value.get("kind"), ENVIRONMENT))


def _beheaded(value: Any) -> bool:
    """Whether it may have been a service once: what is recorded of that one is taken for undeclared."""
    return isinstance(value, dict) and "spec" in value and value.get("apiVersion") is None


def _foreign(value: Any) -> str:
    if not isinstance(value, dict):
        return f"it is {sort(value)}, not a mapping"
    version = value.get("apiVersion")
    return "it has no apiVersion" if version is None else f"its apiVersion is {written(version)}"


def _skip(say: Callable[..., None], reason: str, at: Mark | str) -> None:
    say(
        "skipped-document",
        summary="a YAML document that is not for infractl is skipped",
        detail=reason,
        at=at,
        remedy=f"begin it with `apiVersion: {GROUP}/v1` if it is meant to be a service",
    )


def _empty(candidate: Candidate, problems: Diagnostics) -> None:
    if not candidate.named:
        # It may have been a service once, too.
        _skip(problems.warning, "it is empty", candidate.shown)
        return
    problems.error(
        "empty-file",
        summary="the file is empty",
        detail="it has no document, or comments alone",
        at=Mark(file=candidate.shown, line=1, column=1),
        remedy=_beginning(candidate) if candidate.at_home else "run `infractl init` to write a first service",
    )


def _beginning(candidate: Candidate) -> str:
    return f"begin it with `apiVersion: {GROUP}/v1` and `kind: {ENVIRONMENT if candidate.at_home else SERVICE}`"


def undeclared(candidate: Candidate, detail: str, at: Mark | str) -> Diagnostic:
    """What is said of a file among environments that declares none."""
    return Diagnostic(
        slug="environment-undeclared",
        severity=Severity.error,
        summary="an environment's file declares no environment",
        detail=detail,
        at=at,
        remedy=f"{_beginning(candidate)}, or move what is no environment out of {ENVIRONMENTS}",
    )


def _refuse(document: Document, candidate: Candidate, problems: Diagnostics) -> None:
    if isinstance(document.value, dict):
        problems.error(
            "not-a-service",
            summary="the document is not for infractl",
            detail=_foreign(document.value),
            at=document.mark(("apiVersion",)) or document.nearest_mark(()),
            remedy=f"{_beginning(candidate)}, or leave the file out",
        )
        return
    problems.error(
        "not-a-mapping",
        summary="the document is not a mapping",
        detail=_foreign(document.value),
        at=document.nearest_mark(()),
        remedy="write `key: value` lines, with a space after each colon",
    )
