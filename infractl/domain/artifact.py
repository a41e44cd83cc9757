"""A model file that is ready to be served, named by its content."""

from __future__ import annotations

from dataclasses import dataclass

from infractl.domain.recipe import Recipe
from infractl.tensors import Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """`digest` is the sha256 (hex) of the file, under which the artifact store keeps it; `source_digest` the given model's."""

    digest: str
    size_bytes: int
    format: str
    recipe: Recipe
    signature: Signature
    source_digest: str
