"""A document against its section: the value, or each error at its place. How an error is told is in `telling`.

A provider's settings are a pydantic model of its own; their errors are placed in the same way.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from pydantic_core import ErrorDetails, ValidationError

from infractl.errors import Mark
from infractl.spec.schema.field import fields_of, sections_in, shape_at
from infractl.spec.schema.shape import ListOf, MapOf, OneOf, SectionOf, Shape
from infractl.spec.schema.validator import validator_of
from infractl.spec.section.secret import SecretSource
from infractl.spec.telling.suggest import closest
from infractl.spec.yaml.document import Document, Path
from infractl.spec.yaml.limit import MOST_PROBLEMS

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

M = TypeVar("M", bound=Hashable)

UNKNOWN_KEY = ("extra_forbidden", "unexpected_keyword_argument")
"""What pydantic calls an unknown key, in a model and in a section."""

_MOST_REMOVALS = 8
"""No model nests its required keys deeper, so that as many removals get to the end of it."""

_MOST_PLACED = 10 * MOST_PROBLEMS
"""Errors that are looked at: finding out what was meant takes a while, and only the first are told."""

_DEEPEST_HOME = 6
"""Levels of a model in which a misplaced key's home is looked for: a provider's model may contain itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """An error with its place. `path` leads to something that the document holds; `missing` is the key that it lacks there.

    `example` is the field's; `secret` leads to where it must be said where a secret is kept, for an error at or in such a place.
    """

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
    shape: Shape | None
    example: str = ""
    secret: Path | None = None

    @property
    def name(self) -> str:
        return dotted(self.path[-1:])

    @property
    def hidden(self) -> bool:
        """Whether the value, or the key that is wrong, may not be shown."""
        node, parent = self.document.node(self.path), self.document.node(self.path[:-1])
        if self.of_key or self.kind in UNKNOWN_KEY:
            key = parent.keys.get(self.name) if parent else None
            return key is not None and key.hidden
        return node is not None and not self.missing and (node.span.hidden or self.secret is not None)

    @property
    def mark(self) -> Mark:
        if self.hidden:
            return self.document.nearest_mark(self.path)
        return (None if self.of_key else self.document.mark(self.path)) or self.document.nearest_mark(self.path)

    @property
    def follows_typo(self) -> tuple[Path, str | None]:
        """The key that an unknown key was probably meant to be: that one is not missing then."""
        from infractl.spec.telling.other_tools import sibling

        section = str(self.path[-2]) if len(self.path) > 1 else ""
        return self.path[:-1], closest(self.name, self.known) or sibling(self.name, self.known, section)


def validate(section: type[M], value: Any) -> M:
    """The section of a plain value, with keys as users write them. Raises ValidationError."""
    validated: M = validator_of(section).validate_python(value)
    return validated


def findings(error: ValidationError, document: Document, model: type, prefix: Path = ()) -> list[Finding]:
    """The errors of a validation of what stands at `prefix`, without those that only follow from another."""
    placed = [_place(e, document, model, prefix) for e in error.errors(include_url=False)[:_MOST_PLACED]]
    typos = {f.follows_typo for f in placed if f.kind in UNKNOWN_KEY}
    lists = {f.path[:-1] for f in placed if f.path and isinstance(f.path[-1], int)}
    return [
        f
        for f in placed
        if not (f.missing and (f.path, f.missing) in typos)
        and not (f.kind == "too_short" and f.path in lists)
        and not document.troubled(f.mark)
    ]


def remainder(model: type[M], document: Document, path: Path, stand_in: Mapping[str, Any]) -> M | None:
    """What stands at `path` without its errors, so that rules can still look at the rest.

    A mapping that lacks a key goes as a whole; `stand_in` takes the place of keys that cannot go. None where nothing remains.
    """
    node = document.node(path)
    value = node.value if node else None
    for _ in range(_MOST_REMOVALS):
        if not isinstance(value, dict):
            return None
        try:
            return validate(model, value)
        except ValidationError as error:
            value = _without(value, path, {_removable(document, path, e) for e in error.errors(include_url=False)})
            value = {**stand_in, **value}
    return None


def dotted(path: Path) -> str:
    """`spec.targets[0]`; the root is "the document"."""
    text = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path)
    return text.removeprefix(".") or "the document"


def _removable(document: Document, prefix: Path, error: ErrorDetails) -> Path:
    """What to leave out; a list as a whole, because without one item the marks of the others would shift."""
    path = _held(document, prefix, error["loc"][:-1] if error["type"] == "missing" else error["loc"])
    return next((path[:i] for i, part in enumerate(path) if isinstance(part, int)), path)


def _without(value: Any, path: Path, broken: Set[Path]) -> Any:
    if not isinstance(value, dict):
        return value
    return {k: _without(v, (*path, k), broken) for k, v in value.items() if (*path, k) not in broken}


def _place(error: ErrorDetails, document: Document, model: type, prefix: Path) -> Finding:
    """One error, and what may stand at its place."""
    kind, loc = error["type"], error["loc"]
    missing, of_key = kind == "missing", loc[-1:] == ("[key]",)
    path = _held(document, prefix, loc[:-1] if missing or of_key else loc)
    inside = path if missing else path[:-1]
    ours = not _is_pydantic(model)
    shape = shape_at(model, path[len(prefix) :]) if ours and not (missing or of_key) else None
    return Finding(
        kind=kind,
        message=error["msg"],
        context=error.get("ctx", {}),
        value=path[-1] if of_key else error["input"],
        path=path,
        missing=str(loc[-1]) if missing else "",
        of_key=of_key,
        document=document,
        known=_keys(model, inside[len(prefix) :]),
        homes=_homes(model).get(str(path[-1]), ()) if kind in UNKNOWN_KEY else (),
        shape=shape,
        example=_example(model, path[len(prefix) :]) if ours else "",
        secret=_secret(model, document, prefix, inside if of_key else path) if ours else None,
    )


def _example(model: type, path: Path) -> str:
    """The example of the field at the path; none for what stands in a list or under a free key."""
    found = shape_at(model, path[:-1])
    sections = sections_in(found) if path and isinstance(found, SectionOf | OneOf) else ()
    return next((f.example for section in sections for f in fields_of(section) if f.key == path[-1]), "")


def _secret(model: type, document: Document, prefix: Path, path: Path) -> Path | None:
    """The part of the path that leads to where a secret's place must be named: an environment variable may be a text as well."""
    for end in range(len(prefix), len(path) + 1):
        shape, node = shape_at(model, path[len(prefix) : end]), document.node(path[:end])
        choices = shape.choices if isinstance(shape, OneOf) else ()
        if _names_a_source(shape) or (any(map(_names_a_source, choices)) and node and isinstance(node.value, dict | list)):
            return path[:end]
    return None


def _names_a_source(shape: Shape | None) -> bool:
    return isinstance(shape, SectionOf) and shape.section is SecretSource


def _held(document: Document, prefix: Path, loc: Path) -> Path:
    """The part of pydantic's location that the document holds: the names of a union's alternatives are not in it."""
    path = prefix
    for part in loc:
        if document.node((*path, part)) is not None:
            path = (*path, part)
    return path


def _keys(model: type, path: Path) -> tuple[str, ...]:
    """The keys of the mapping at the path, as users write them, in the model's order."""
    models = [model]
    for part in path:
        # A list's index or a free key, such as a target's name, stays within the models that its field may hold.
        models = [inner for m in models for inner in _fields(m).get(part, (m,))]
    return tuple(dict.fromkeys(str(name) for m in models for name in _fields(m)))


@cache
def _homes(model: type) -> Mapping[str | int, tuple[str, ...]]:
    """Every place in the model by the key that stands there, in bounded depth."""
    homes: dict[str | int, tuple[str, ...]] = {}
    for path in _places(model, ()):
        homes[path[-1]] = (*homes.get(path[-1], ()), dotted(path))
    return homes


def _places(model: type, inside: Path) -> Iterator[Path]:
    if len(inside) >= _DEEPEST_HOME:
        return
    for name, models in _fields(model).items():
        yield (*inside, name)
        for inner in models:
            yield from _places(inner, (*inside, name, *_free(model, name)))


def _free(model: type, name: str | int) -> Path:
    """What leads from a mapping with free keys, or from a list, to what it holds."""
    match None if _is_pydantic(model) else shape_at(model, (name,)):
        case MapOf():
            return ("NAME",)
        case ListOf():
            return (0,)
        case _:
            return ()


def _fields(model: type) -> dict[str | int, tuple[type, ...]]:
    """Each key with the sections or models that its value may be."""
    if _is_pydantic(model):
        declared: dict[str, FieldInfo] = model.model_fields  # type: ignore[attr-defined]
        return {_key(name, f): tuple(_models(f.annotation)) for name, f in declared.items()}
    return {f.key: tuple(sections_in(f.shape)) for f in fields_of(model)}


def _is_pydantic(model: type) -> bool:
    """Told without pydantic, which is slow to import and there already where its models are."""
    return hasattr(model, "model_fields")


def _key(name: str, field: FieldInfo) -> str:
    return field.validation_alias if isinstance(field.validation_alias, str) else name


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and _is_pydantic(annotation):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
