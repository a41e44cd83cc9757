"""`optimize`: a model, data and a limit, without any YAML, to the fastest artifact that is proven as good on this machine."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from infractl.clock import Clock
from infractl.domain.metric import Metric
from infractl.domain.optimized import Optimized, RowsUsed
from infractl.domain.profile import ModelProfile
from infractl.errors import UsageError
from infractl.hardware.this_machine import this_chip
from infractl.hardware.vector import vector_instructions
from infractl.spec.find import project_above
from infractl.spec.section.optimize import Optimize, OptimizeLimit, Passes
from infractl.state.artifacts import LocalArtifactStore
from infractl.state.cache import cache_directory
from infractl.state.file import replacement

if TYPE_CHECKING:
    from infractl.optimizer.climb import Progress
    from infractl.optimizer.gate.gate import Gate
    from infractl.optimizer.optimize import Task
    from infractl.optimizer.rows import Rows, Split
    from infractl.state.store import ArtifactStore

TARGET = "local"
_USUAL_DISAGREEMENT = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`metric` None: accuracy where there are labels, else agreement. `memory_bytes` None: what is free."""

    model: Path
    validation: Path
    labels: str | None = None
    calibration: Path | None = None
    metric: Metric | None = None
    max_drop: float = 0.01
    level: str = "auto"
    limit_s: float = 600.0
    memory_bytes: int | None = None
    target: str = TARGET

    @property
    def gate(self) -> Gate:
        from infractl.optimizer.gate.gate import Gate

        metric = self.metric or (Metric.accuracy if self.labels else Metric.agreement)
        return Gate(metric=metric, max_drop=self.max_drop)


def optimize(asked: Asked, clock: Clock, progress: Progress) -> Optimized:
    """Raises UsageError, ModelError, DataError, StateError."""
    from infractl.optimizer.data.load import load
    from infractl.optimizer.optimize import optimize as run

    _check_target(asked)
    profile = _profile(asked)
    rows = load(asked.validation, profile.signature, asked.labels)
    apart = load(asked.calibration, profile.signature) if asked.calibration else None
    allowed = section(asked.level, asked.limit_s, asked.memory_bytes)
    task = task_here(asked.model, profile, allowed, asked.gate, rows, apart)
    used = rows_used(task.split, asked.gate)
    progress(rows_text(used, asked.gate), 0.0)
    return Optimized(
        model=str(asked.model),
        size_bytes=profile.size_bytes,
        chip=this_chip().name,
        metric=asked.gate.metric,
        max_drop=asked.max_drop,
        rows=used,
        optimization=run(task, store_of(), clock, progress),
    )


def task_here(
    model: Path, profile: ModelProfile, allowed: Optimize, gate: Gate, validation: Rows, calibration: Rows | None
) -> Task:
    """What is to be made faster on this machine, as far as `allowed` goes. Raises ModelError."""
    from infractl.optimizer.data.split import split
    from infractl.optimizer.optimize import Task
    from infractl.optimizer.sandbox import Limits, free_memory_bytes
    from infractl.placement.ladder import climbable

    chip, instructions = this_chip(), vector_instructions()
    return Task(
        model=model,
        digest=whole_digest(model, profile),
        signature=profile.signature,
        ladder=tuple(climbable(allowed, profile, chip, instructions)),
        split=split(validation, calibration, least=gate.least_rows or 0),
        gate=gate,
        limits=Limits(
            memory_bytes=allowed.limit.memory or free_memory_bytes(), time_s=allowed.limit.time, threads=max(1, chip.cores)
        ),
        machine=f"{chip.name} ({' '.join(instructions)})",
    )


def section(level: str, limit_s: float, memory_bytes: int | None) -> Optimize:
    """What a level alone allows; the most that one can ask for tries every pass."""
    every = Passes(distillation="auto", search="auto") if level == "aggressive" else Passes()
    limit = OptimizeLimit(time=limit_s, memory=memory_bytes)
    return Optimize(level=level, passes=every, limit=limit)  # type: ignore[arg-type]


def store_of() -> ArtifactStore:
    """The artifact store of the project that we are in, else one in the user's cache."""
    if project_above(Path.cwd()) is None:
        return LocalArtifactStore(cache_directory() / "artifacts")
    from infractl.workflows.workspace import open_project

    return open_project(Path.cwd(), None).stores.artifacts


def rows_used(sets: Split, gate: Gate) -> RowsUsed:
    from infractl.optimizer.gate.power import agreement_rows_needed, rows_needed

    agreement = gate.metric is Metric.agreement
    if agreement:
        likely = agreement_rows_needed(gate.max_drop / 2, gate.max_drop, gate.alpha)
    else:
        likely = rows_needed(_USUAL_DISAGREEMENT, 0.0, gate.max_drop, gate.alpha)
    return RowsUsed(
        calibration=len(sets.calibration), search=len(sets.search), held_out=len(sets.gate), least=gate.least_rows, likely=likely
    )


def rows_text(used: RowsUsed, gate: Gate) -> str:
    """What the rows can prove, before anything is run."""
    limit = f"that {gate.metric} drops by at most {100 * gate.max_drop:g} {'%' if gate.metric.is_an_error else 'points'}"
    have = f"{used.held_out:,} held-out rows"
    if used.least is None or used.held_out < used.least:
        return f"{have} are too few to prove {limit}: {used.least or 'no number of'} rows is the least, with no answer changed"
    if used.likely is not None and used.held_out < used.likely:
        return f"{have} prove {limit} of a model that changes few answers; {used.likely:,} would where it changes more"
    return f"{have} are enough to prove {limit}"


def write_best(found: Optimized, store: ArtifactStore, out: Path) -> None:
    """Raises StateError where the file cannot be written."""
    content = store.path(found.optimization.chosen.digest)
    with content.open("rb") as kept, replacement(out, 0o644) as file:
        while chunk := kept.read(1 << 20):
            file.write(chunk)


def whole_digest(model: Path, profile: ModelProfile) -> str:
    """The sha256 (hex) of the model's file, and of those beside it that it keeps weights in."""
    if model.stat().st_size == profile.size_bytes:
        return profile.digest
    import onnx

    from infractl.optimizer.whole_file import external

    found = hashlib.sha256(profile.digest.encode())
    tensors = external(onnx.load(model, load_external_data=False))
    for name in sorted({entry.value for t in tensors for entry in t.external_data if entry.key == "location"}):
        with (model.parent / name).open("rb") as file:
            found.update(hashlib.file_digest(file, "sha256").digest())
    return found.hexdigest()


def _check_target(asked: Asked) -> None:
    if asked.target != TARGET:
        raise UsageError.of(
            "optimize-target",
            summary="models are optimized for this machine alone by this command",
            detail=f"the target is {asked.target}, and what it runs on cannot be timed here",
            remedy="leave --target out; infractl plan says what is hoped for at other targets",
        )


def _profile(asked: Asked) -> ModelProfile:
    from infractl.workflows.profile import profile

    found = profile(asked.model)
    if not isinstance(found, ModelProfile):
        raise UsageError.of(
            "optimize-language",
            summary="language models are not optimized by this command",
            detail=f"{asked.model} is described by a config.json",
            remedy="choose a quantized checkpoint; infractl estimate costs each precision",
        )
    return found
