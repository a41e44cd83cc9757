"""Both gates for one given model and its held-out rows. What was judged once is kept by all that the verdict depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from infractl.clock import Clock
from infractl.domain.artifact import Artifact
from infractl.domain.optimization import AccuracyVerdict, LatencyVerdict, Refusal
from infractl.domain.value import Json
from infractl.optimizer.build import LIMITED
from infractl.optimizer.gate.gate import Gate
from infractl.optimizer.key import key_of
from infractl.optimizer.sandbox import Limits, Tell, run_task
from infractl.state.codec import decode, encode
from infractl.state.store import ArtifactStore

TASKS = "infractl.optimizer.run_gates"

Verdict = TypeVar("Verdict", LatencyVerdict, AccuracyVerdict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOut:
    """Where the rows lie that decide, those that time and sanity are told on, and the given model's answers to both."""

    gate: Path
    other: Path
    answers: Path
    digests: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """A Judge. `machine` names what a verdict holds for: a processor with its instructions, and the threads of a session."""

    given: Path
    digest: str
    rows: HeldOut
    gate: Gate
    machine: str
    store: ArtifactStore
    limits: Limits
    clock: Clock
    tell: Tell

    def baseline(self) -> AccuracyVerdict | Refusal:
        """The given model judged against itself: its metric, and whether data and outputs are what the metric compares."""
        job = {"gate": str(self.rows.gate), "other": str(self.rows.other), "answers": str(self.rows.answers)}
        return self._run("baseline", {**job, "limits": encode(self.gate)}, self.limits.time_s, AccuracyVerdict)

    def latency(self, artifact: Artifact, left_s: float) -> LatencyVerdict | Refusal:
        answers = self.rows.answers / "other"
        if not answers.exists():
            return Refusal(code="no-data", why="every row is held out for the accuracy, and none is left to time it with")
        job = {**self._candidate(artifact), "other": str(self.rows.other), "answers": str(answers)}
        return self._judged("speed", artifact, {}, job, left_s, LatencyVerdict)

    def accuracy(self, artifact: Artifact, left_s: float) -> AccuracyVerdict | Refusal:
        job = {**self._candidate(artifact), "gate": str(self.rows.gate), "answers": str(self.rows.answers / "gate")}
        limits = encode(self.gate)
        return self._judged("accuracy", artifact, limits, {**job, "limits": limits}, left_s, AccuracyVerdict)

    def _candidate(self, artifact: Artifact) -> dict[str, Json]:
        return {"model": str(self.store.path(artifact.digest)), "recipe": encode(artifact.recipe)}

    def _judged(
        self, sort: str, artifact: Artifact, limits: Json, job: Mapping[str, Json], left_s: float, kind: type[Verdict]
    ) -> Verdict | Refusal:
        of: dict[str, Json] = {"given": self.digest, "candidate": artifact.digest, "rows": list(self.rows.digests)}
        recipe = artifact.recipe
        served: dict[str, Json] = {"engine": recipe.engine, "options": dict(recipe.options), "machine": self.machine}
        key = key_of(sort, {**of, **served, "gate": limits})
        if (known := self.store.recorded(key)) is not None:
            return _read(known, kind)
        found = self._run(sort, job, left_s, kind)
        if isinstance(found, Refusal):
            if found.code in LIMITED:
                return found
            return _read(self.store.record(key, {"refused": encode(found)}), kind)
        return _read(self.store.record(key, {"verdict": encode(found)}), kind)

    def _run(self, task: str, job: Mapping[str, Json], left_s: float, kind: type[Verdict]) -> Verdict | Refusal:
        limits = replace(self.limits, time_s=min(left_s, self.limits.time_s))
        with TemporaryDirectory(prefix="infractl-gate-", ignore_cleanup_errors=True) as directory:
            whole = {**job, "given": str(self.given)}
            found = run_task(f"{TASKS}:{task}", whole, Path(directory), limits, self.clock, self.tell)
        return found if isinstance(found, Refusal) else decode(kind, found["verdict"])


def _read(known: Json, kind: type[Verdict]) -> Verdict | Refusal:
    return decode(Refusal, known["refused"]) if "refused" in known else decode(kind, known["verdict"])
