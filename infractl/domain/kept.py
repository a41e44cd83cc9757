"""What a project's artifact store keeps, and what refers to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptArtifact:
    """A file by its digest. `recipes` made it, of the models in `sources`; `used_by` are the services whose record or history
    names it, as project/environment/service.
    """

    digest: str
    size_bytes: int
    since: datetime
    recipes: tuple[str, ...]
    sources: tuple[str, ...]
    used_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruning:
    """What is to go: `artifacts`, and `records` of how something was made or judged, by key. `bytes` is what both take."""

    artifacts: tuple[KeptArtifact, ...]
    records: tuple[str, ...]
    bytes: int
