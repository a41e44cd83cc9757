"""Which keys a pydantic model has where: read off the models' annotations, for suggestions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from infractl.spec.document import Path

_DEEPEST = 6


def keys(model: type[BaseModel], path: Path) -> tuple[str, ...]:
    """The keys of the mapping at the path, as users write them, in the model's order."""
    models = [model]
    for part in path:
        # A list's index or a free key, such as a target's name, stays within the models that its field may hold.
        models = [inner for m in models for inner in _fields(m).get(part, (m,))]
    return tuple(dict.fromkeys(str(name) for m in models for name in _fields(m)))


def homes(model: type[BaseModel], key: str, inside: Path = ()) -> Iterator[Path]:
    """Every place in the model that has a key of this name, in bounded depth: a provider's model may contain itself."""
    if len(inside) == _DEEPEST:
        return
    for name, models in _fields(model).items():
        if name == key:
            yield (*inside, name)
        for inner in models:
            yield from homes(inner, key, (*inside, name))


def _fields(model: type[BaseModel]) -> dict[str | int, tuple[type[BaseModel], ...]]:
    """Each key with the models that its value may be."""
    return {_key(name, f): tuple(_models(f.annotation)) for name, f in model.model_fields.items()}


def _key(name: str, field: FieldInfo) -> str:
    return field.validation_alias if isinstance(field.validation_alias, str) else name


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
