"""Up a ladder, gentlest rung first: to its end, to the first rung whose accuracy is not proven, or until the time is over.

The order is fixed before any rung is judged, and the held-out rows are looked at once for each rung that is worth it: so the
chance to serve a model that is worse than allowed stays that of a single test, however long the ladder is (a fixed sequence of
tests; Maurer, Hothorn and Lehmacher 1995).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from infractl.clock import Clock
from infractl.domain.artifact import Artifact
from infractl.domain.optimization import AccuracyVerdict, LatencyVerdict, Optimization, Outcome, Refusal, Tried
from infractl.domain.recipe import Recipe
from infractl.optimizer.build import Built

Progress = Callable[[str, float], None]
"""Hears what is at work, and how many seconds the whole walk has taken."""


class Judge(Protocol):
    """The gates. Time that is left (s) bounds each call; what goes wrong is a refusal."""

    def latency(self, artifact: Artifact, left_s: float) -> LatencyVerdict | Refusal:
        """Whether the answers are sane and come faster than the given model's. Looks at no row of the gate."""
        ...

    def accuracy(self, artifact: Artifact, left_s: float) -> AccuracyVerdict | Refusal: ...


Build = Callable[[Recipe, float], Built]
"""Of a recipe and the time that is left (s)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """How rungs are made and judged, and how long all of them may take together."""

    build: Build
    judge: Judge
    limit_s: float


def climb(ladder: Sequence[Recipe], given: Artifact, walk: Walk, clock: Clock, progress: Progress) -> Optimization:
    """The fastest of the rungs that passed both gates, or the given model; every rung is told of, also those not reached."""
    began = clock.monotonic()
    tried: list[Tried] = []
    end: Refusal | None = None
    for recipe in ladder:
        spent_s = clock.monotonic() - began
        if end is None and spent_s >= walk.limit_s:
            end = Refusal(code="out-of-time", why="the time was over before it was begun")
        if end is not None:
            tried.append(Tried(recipe=recipe, artifact=None, accuracy=None, latency=None, refusal=end))
            continue
        found = _rung(recipe, walk, began, clock, progress)
        tried.append(replace(found, took_s=clock.monotonic() - began - spent_s))
        if found.accuracy is not None and found.accuracy.outcome is not Outcome.passed:
            end = Refusal(code="not-reached", why=f"the walk ended at {recipe.name}, which is not proven to be accurate enough")
    return Optimization(chosen=_fastest(tried, given), tried=tuple(tried))


def _rung(recipe: Recipe, walk: Walk, began: float, clock: Clock, progress: Progress) -> Tried:
    def left_s(step: str) -> float:
        spent_s = clock.monotonic() - began
        progress(f"{recipe.name}: {step}", spent_s)
        return max(0.0, walk.limit_s - spent_s)

    built = walk.build(recipe, left_s("building"))
    tried = Tried(
        recipe=recipe,
        artifact=built.artifact,
        accuracy=None,
        latency=None,
        refusal=built.refusal,
        notes=built.notes,
        figures=built.figures,
    )
    if built.artifact is None:
        return tried
    latency = walk.judge.latency(built.artifact, left_s("measuring its speed"))
    if isinstance(latency, Refusal):
        return replace(tried, refusal=latency)
    if latency.outcome is not Outcome.passed:
        code = "slower" if latency.outcome is Outcome.failed else "speed-unclear"
        return replace(tried, latency=latency, refusal=Refusal(code=code, why=latency.why))
    accuracy = walk.judge.accuracy(built.artifact, left_s("measuring its accuracy"))
    if isinstance(accuracy, Refusal):
        return replace(tried, latency=latency, refusal=accuracy)
    refusal = None
    if accuracy.outcome is Outcome.failed:
        refusal = Refusal(code="accuracy", why=accuracy.why)
    elif accuracy.outcome is Outcome.unknown:
        refusal = Refusal(code="too-few-rows", why=accuracy.why)
    return replace(tried, latency=latency, accuracy=accuracy, refusal=refusal)


def _fastest(tried: Sequence[Tried], given: Artifact) -> Artifact:
    """Of equally fast ones the gentlest."""
    passed = [(each.latency, each.artifact) for each in tried if each.refusal is None and each.latency and each.artifact]
    return max(passed, key=lambda pair: pair[0].overall.value)[1] if passed else given
