"""One of pydantic's errors at its place in a document, and what may stand there. How it is told is in `wording`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from infractl.errors import Mark
from infractl.spec.document import Document, Path
from infractl.spec.field import homes, keys
from infractl.spec.suggest import closest


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """An error with its place. `path` leads to something that the document holds; `missing` is the key that it lacks there."""

    kind: str
    message: str
    context: dict[str, Any]
    value: Any
    path: Path
    missing: str
    of_key: bool
    document: Document
    known: tuple[str, ...]
    homes: tuple[str, ...]

    @property
    def name(self) -> str:
        return dotted(self.path[-1:])

    @property
    def mark(self) -> Mark:
        return (None if self.of_key else self.document.mark(self.path)) or self.document.nearest_mark(self.path)

    @property
    def follows_typo(self) -> tuple[Path, str | None]:
        """The key that an unknown key was probably meant to be: that one is not missing then."""
        return self.path[:-1], closest(self.name, self.known)


def finding(error: ErrorDetails, document: Document, model: type[BaseModel], prefix: Path) -> Finding:
    """Place one error of a validation of what stands at `prefix`."""
    kind, loc = error["type"], error["loc"]
    missing, of_key = kind == "missing", loc[-1:] == ("[key]",)
    path = held(document, prefix, loc[:-1] if missing or of_key else loc)
    inside = path if missing else path[:-1]
    return Finding(
        kind=kind,
        message=error["msg"],
        context=error.get("ctx", {}),
        value=path[-1] if of_key else error["input"],
        path=path,
        missing=str(loc[-1]) if missing else "",
        of_key=of_key,
        document=document,
        known=keys(model, inside[len(prefix) :]),
        homes=tuple(dotted(h) for h in homes(model, str(path[-1]))) if kind == "extra_forbidden" else (),
    )


def held(document: Document, prefix: Path, loc: Path) -> Path:
    """The part of pydantic's location that the document holds: the names of a union's alternatives are not in it."""
    path = prefix
    for part in loc:
        if document.node((*path, part)) is not None:
            path = (*path, part)
    return path


def dotted(path: Path) -> str:
    """`spec.targets[0]`; the root is "the document"."""
    text = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path)
    return text.removeprefix(".") or "the document"
