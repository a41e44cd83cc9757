"""A document against its pydantic model, with every error as a diagnostic. Rules that compare fields are in `rule`."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from infractl.errors import Diagnostic, Mark
from infractl.spec.document import Document, Path
from infractl.spec.finding import finding, held
from infractl.spec.wording import tell

M = TypeVar("M", bound=BaseModel)

_DEEPEST = 8
"""No model nests its required keys deeper, so that as many removals get to the end of it."""


def validate(model: type[M], value: Any) -> M:
    """The model of a plain value, with keys as users write them. Raises pydantic's ValidationError."""
    return model.model_validate(value, by_alias=True, by_name=False)


def diagnose(error: ValidationError, document: Document, model: type[BaseModel], prefix: Path = ()) -> list[Diagnostic]:
    """Every error of a validation of what stands at `prefix`, without those that only follow from another."""
    findings = [finding(e, document, model, prefix) for e in error.errors(include_url=False)]
    typos = {f.follows_typo for f in findings if f.kind == "extra_forbidden"}
    lists = {f.path[:-1] for f in findings if f.path and isinstance(f.path[-1], int)}
    return [
        tell(f)
        for f in findings
        if not (f.missing and (f.path, f.missing) in typos)
        and not (f.kind == "too_short" and f.path in lists)
        and not any(_covers(f.mark, problem.at) for problem in document.problems)
    ]


def _covers(mark: Mark, at: Mark | str | None) -> bool:
    """Whether a mark takes in the start of another: what YAML made of a broken value says nothing more."""
    return isinstance(at, Mark) and at.line == mark.line and mark.column <= at.column < mark.column + mark.width


def remainder(model: type[M], document: Document, path: Path, stand_in: Mapping[str, Any]) -> M | None:
    """What stands at `path` without its errors, so that rules can still look at the rest.

    A mapping that lacks a key goes as a whole; `stand_in` takes the place of keys that cannot go. None where nothing remains.
    """
    node = document.node(path)
    value = node.value if node else None
    for _ in range(_DEEPEST):
        if not isinstance(value, dict):
            return None
        try:
            return validate(model, value)
        except ValidationError as error:
            value = _without(value, path, {_removable(document, path, e) for e in error.errors(include_url=False)})
            value = {**stand_in, **value}
    return None


def _removable(document: Document, prefix: Path, error: ErrorDetails) -> Path:
    """What to leave out; a list as a whole, because without one item the marks of the others would shift."""
    path = held(document, prefix, error["loc"][:-1] if error["type"] == "missing" else error["loc"])
    return next((path[:i] for i, part in enumerate(path) if isinstance(part, int)), path)


def _without(value: Any, path: Path, broken: Set[Path]) -> Any:
    if not isinstance(value, dict):
        return value
    return {k: _without(v, (*path, k), broken) for k, v in value.items() if (*path, k) not in broken}
