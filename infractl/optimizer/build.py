"""One rung of a ladder: the artifact that a recipe makes of a model, or why there is none. What is known is not built again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from infractl.clock import Clock
from infractl.domain.artifact import Artifact
from infractl.domain.optimization import Refusal
from infractl.domain.recipe import Recipe
from infractl.domain.value import Json
from infractl.optimizer.key import build_key
from infractl.optimizer.sandbox import Limits, Tell, run_task
from infractl.state.codec import decode, encode
from infractl.state.store import ArtifactStore
from infractl.tensors import Signature

BUILD = "infractl.optimizer.apply_passes:build"

LIMITED = frozenset({"out-of-memory", "out-of-time", "killed"})
"""What another limit, or a machine with less to do, would change: it is not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The model as it is given, in one file, and where the rows lie that passes may see, with their digests."""

    model: Path
    digest: str
    calibration: Path
    search: Path
    data: tuple[str, ...]
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """An artifact, whose file the store has, or a refusal; and what the passes said."""

    artifact: Artifact | None
    refusal: Refusal | None
    notes: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    took_s: float = 0.0


def build(source: Source, recipe: Recipe, store: ArtifactStore, limits: Limits, clock: Clock, tell: Tell) -> Built:
    """From the store where it was built before. Raises StateError.

    The file goes into the store before its record: what is interrupted leaves at most a file that nothing refers to.
    """
    key = build_key(source.digest, recipe, source.data, source.seed)
    if known := kept_build(store, key):
        return known
    made = _build(source, recipe, store, limits, clock, tell)
    if made.refusal is not None and made.refusal.code in LIMITED:
        return made
    return decode(Built, store.record(key, encode(made)))


def kept_build(store: ArtifactStore, key: str) -> Built | None:
    """What is recorded, as long as its file is there as well."""
    if (known := store.recorded(key)) is None:
        return None
    try:
        built = decode(Built, known)
    except ValueError:
        built = None
    if built is None or (built.artifact is not None and not store.has(built.artifact.digest)):
        store.forget(key)
        return None
    return built


def _build(source: Source, recipe: Recipe, store: ArtifactStore, limits: Limits, clock: Clock, tell: Tell) -> Built:
    began = clock.monotonic()
    job: dict[str, Json] = {
        "recipe": encode(recipe),
        "model": str(source.model),
        "calibration": str(source.calibration),
        "search": str(source.search),
        "seed": source.seed,
    }
    with TemporaryDirectory(prefix="infractl-build-", ignore_cleanup_errors=True) as directory:
        found = run_task(BUILD, job, Path(directory), limits, clock, tell)
        if isinstance(found, Refusal):
            return Built(artifact=None, refusal=found, took_s=clock.monotonic() - began)
        model = Path(found["model"])
        artifact = Artifact(
            digest=store.put(model),
            size_bytes=model.stat().st_size,
            format="onnx",
            recipe=recipe,
            signature=decode(Signature, found["signature"]),
            source_digest=source.digest,
        )
    took_s = clock.monotonic() - began
    return Built(artifact=artifact, refusal=None, notes=tuple(found["notes"]), figures=found["figures"], took_s=took_s)
