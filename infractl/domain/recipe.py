"""How an artifact is made from a model: a rung on a ladder of passes, gentlest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from infractl.domain.precision import Precision
from infractl.domain.value import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One step of the optimizer, by name, with its settings."""

    name: str
    settings: Mapping[str, Json] = field(hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """`name` as people read it ("fp32", "int8-dynamic"); `dtype` is what the matrix products run in; `engine` serves it.

    `options` are the engine's own, by its own words, for what it does while it opens the model.
    """

    name: str
    dtype: Precision
    passes: tuple[Pass, ...]
    engine: str
    options: Mapping[str, str] = field(default_factory=dict, hash=False)


AS_GIVEN = Recipe(name="fp32", dtype=Precision.fp32, passes=(), engine="onnxruntime")
"""The first rung of every ladder: the model as the user gave it."""
