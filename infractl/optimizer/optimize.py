"""From a model, a ladder, data and a gate to the artifact that is served: builds, judges, and keeps what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from infractl.clock import Clock
from infractl.domain.artifact import Artifact
from infractl.domain.optimization import Optimization, Refusal
from infractl.domain.recipe import AS_GIVEN, Recipe
from infractl.domain.value import Json
from infractl.errors import DataError, ModelError
from infractl.optimizer.build import Source, build
from infractl.optimizer.climb import Progress, Walk, climb
from infractl.optimizer.gate.gate import Gate
from infractl.optimizer.gates import Gates, HeldOut
from infractl.optimizer.key import key_of, pass_version, rows_digest
from infractl.optimizer.rows import Rows, Split
from infractl.optimizer.rows_file import write_rows
from infractl.optimizer.sandbox import Limits, Tell, run_task
from infractl.optimizer.whole_file import is_in_parts
from infractl.state.codec import decode, encode
from infractl.state.store import ArtifactStore
from infractl.tensors import Signature

TIMED_THREADS = 1
"""In a session while speeds are compared: how many a placement gives it is decided later, and orders hardly differ by it."""

_BASELINE_S = 300.0
_OF_MEMORY = frozenset({"out-of-memory", "killed"})
"""How much is free changes by the minute: a walk that wanted more is not the last word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is to be made faster, on which rungs and by which proof. `limits.threads` build; `machine` is what verdicts hold for.

    `limits.time_s` is for the whole walk. `digest` is the sha256 (hex) of the model with all that lies beside it.
    """

    model: Path
    digest: str
    signature: Signature
    ladder: tuple[Recipe, ...]
    split: Split
    gate: Gate
    limits: Limits
    machine: str
    seed: int = 0


def optimize(task: Task, store: ArtifactStore, clock: Clock, progress: Progress) -> Optimization:
    """The best artifact that is proven good enough, in the store, with every rung that was tried.

    Raises DataError where data, labels and outputs do not fit the metric; ModelError where the given model cannot be run or be
    one file; StateError. The same task done before is answered from the store, whatever time it took.
    """
    data = tuple(rows_digest(rows) for rows in (task.split.calibration, task.split.search, task.split.gate))
    key = _key(task, data)
    if known := _kept(store, key):
        return known
    with TemporaryDirectory(prefix="infractl-optimize-", ignore_cleanup_errors=True) as scratch:
        found = _walked(task, data, Path(scratch), store, clock, progress)
    if any(each.refusal is not None and each.refusal.code in _OF_MEMORY for each in found.tried):
        return found
    return decode(Optimization, store.record(key, encode(found)))


def kept_optimization(task: Task, store: ArtifactStore) -> Optimization | None:
    """What the task came to before; None where it was not done."""
    data = tuple(rows_digest(rows) for rows in (task.split.calibration, task.split.search, task.split.gate))
    return _kept(store, _key(task, data))


def _key(task: Task, data: Sequence[str]) -> str:
    parts: dict[str, Json] = {
        "model": task.digest,
        "ladder": [encode(recipe) for recipe in task.ladder],
        "passes": [[s.name, pass_version(s.name)] for recipe in task.ladder for s in recipe.passes],
        "data": list(data),
        "gate": encode(task.gate),
        "time_s": task.limits.time_s,
        "machine": task.machine,
        "seed": task.seed,
    }
    return key_of("walk", parts)


def _kept(store: ArtifactStore, key: str) -> Optimization | None:
    """As long as every artifact that passed is there."""
    if (known := store.recorded(key)) is None:
        return None
    try:
        found = decode(Optimization, known)
    except ValueError:
        found = None
    if found is not None:
        needed = {found.chosen.digest, *(t.artifact.digest for t in found.tried if t.artifact and t.refusal is None)}
        if all(store.has(digest) for digest in needed):
            return found
    store.forget(key)
    return None


def _walked(
    task: Task, data: tuple[str, ...], scratch: Path, store: ArtifactStore, clock: Clock, progress: Progress
) -> Optimization:
    began = clock.monotonic()

    def tell(step: str) -> None:
        progress(step, clock.monotonic() - began)

    model = _whole(task, scratch, clock, tell)
    given = _given(task, store, model)
    split = task.split
    places = {name: write_rows(rows, scratch / name) for name, rows in _sets(split).items()}
    rows = HeldOut(gate=places["gate"], other=places["other"], answers=scratch / "answers", digests=data)
    gates = Gates(
        given=model,
        digest=given.digest,
        rows=rows,
        gate=task.gate,
        machine=f"{task.machine}, {TIMED_THREADS} thread",
        store=store,
        limits=replace(task.limits, threads=TIMED_THREADS, time_s=max(task.limits.time_s, _BASELINE_S)),
        clock=clock,
        tell=tell,
    )
    _check(task, gates.baseline())
    source = Source(
        model=model,
        digest=given.digest,
        calibration=places["calibration"],
        search=places["search"],
        data=data[:2],
        seed=task.seed,
    )
    walk = Walk(
        build=lambda recipe, left_s: build(source, recipe, store, replace(task.limits, time_s=left_s), clock, tell),
        judge=gates,
        limit_s=max(0.0, task.limits.time_s - (clock.monotonic() - began)),
    )
    return climb(task.ladder, given, walk, clock, lambda step, _: tell(step))


def _sets(split: Split) -> dict[str, Rows]:
    other = split.search if len(split.search) else split.calibration
    return {"calibration": split.calibration, "search": split.search.unlabelled, "gate": split.gate, "other": other.unlabelled}


def _whole(task: Task, scratch: Path, clock: Clock, tell: Tell) -> Path:
    """The model in one file. Raises ModelError where its weights do not fit into one."""
    if not is_in_parts(task.model):
        return task.model.absolute()
    place = scratch / "whole"
    place.mkdir()
    found = run_task(
        "infractl.optimizer.whole_file:whole", {"model": str(task.model.absolute())}, place, task.limits, clock, tell
    )
    if isinstance(found, Refusal):
        raise ModelError.of(
            "optimize-model",
            summary="the model cannot be optimized",
            detail=f"{found.code}: {found.why}",
            at=str(task.model),
            remedy="a model has to fit into one ONNX file, of less than 2 GiB",
        )
    return Path(found["model"])


def _given(task: Task, store: ArtifactStore, model: Path) -> Artifact:
    return Artifact(
        digest=store.put(model),
        size_bytes=model.stat().st_size,
        format="onnx",
        recipe=AS_GIVEN,
        signature=task.signature,
        source_digest=task.digest,
    )


def _check(task: Task, found: object) -> None:
    """Raises DataError or ModelError: what is wrong with the given model or the data is no reason against a rung."""
    if not isinstance(found, Refusal):
        return
    if found.code.startswith(("gate-", "data-")):
        raise DataError.of(
            "optimize-data",
            summary="the data does not prove anything about this model",
            detail=f"{found.code}: {found.why}",
            at=str(task.model),
            remedy="give inputs as the model takes them, labels that it is trained to answer, and a metric that compares the two",
        )
    raise ModelError.of(
        "optimize-given",
        summary="the model cannot be run as it is given, so that nothing can be compared with it",
        detail=f"{found.code}: {found.why}",
        at=str(task.model),
        remedy="see that it answers to the validation data, within the limits",
    )
