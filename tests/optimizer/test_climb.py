"""How a walk goes on and ends: by what each rung is found to be, and by the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from infractl.domain.artifact import Artifact
from infractl.domain.figure import Basis, Figure
from infractl.domain.metric import Metric
from infractl.domain.optimization import AccuracyVerdict, LatencyVerdict, Optimization, Outcome, Refusal
from infractl.domain.precision import Precision
from infractl.domain.recipe import AS_GIVEN, Recipe
from infractl.optimizer.build import Built
from infractl.optimizer.climb import Walk, climb
from infractl.tensors import Signature


@dataclass
class Hands:
    """A clock that moves when somebody works."""

    s: float = 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.s

    def sleep(self, seconds: float) -> None:
        self.s += seconds


@dataclass(frozen=True)
class Truth:
    """What a rung really is."""

    speed: float = 2.0
    accuracy: Outcome = Outcome.passed
    latency: Outcome = Outcome.passed
    refused: str = ""
    takes_s: float = 1.0


@dataclass
class Oracle:
    """Builds and judges by the truth, and notes what was asked."""

    truths: Mapping[str, Truth]
    clock: Hands
    asked: list[str] = field(default_factory=list)

    def build(self, recipe: Recipe, left_s: float) -> Built:
        truth = self.truths[recipe.name]
        self.clock.s += truth.takes_s
        if truth.refused:
            return Built(artifact=None, refusal=Refusal(code=truth.refused, why="so it is"))
        return Built(artifact=artifact(recipe), refusal=None)

    def latency(self, made: Artifact, left_s: float) -> LatencyVerdict | Refusal:
        truth = self.truths[made.recipe.name]
        figure = Figure(value=truth.speed, unit="ratio", low=truth.speed, high=truth.speed, basis=Basis.measured, source="here")
        return LatencyVerdict(outcome=truth.latency, call_s={}, speedup={1: figure}, overall=figure)

    def accuracy(self, made: Artifact, left_s: float) -> AccuracyVerdict | Refusal:
        self.asked.append(made.recipe.name)
        return AccuracyVerdict(
            outcome=self.truths[made.recipe.name].accuracy,
            metric=Metric.accuracy,
            given=0.9,
            candidate=0.9,
            drop=0.0,
            upper=0.0,
            margin=0.01,
            rows=1000,
        )


def artifact(recipe: Recipe) -> Artifact:
    return Artifact(
        digest=recipe.name,
        size_bytes=1,
        format="onnx",
        recipe=recipe,
        signature=Signature(inputs=(), outputs=()),
        source_digest="m",
    )


def walk(limit_s: float = 100.0, **truths: Truth) -> tuple[Optimization, Oracle]:
    clock = Hands()
    oracle = Oracle(truths, clock)
    ladder = [Recipe(name=name, dtype=Precision.int8, passes=(), engine="onnxruntime") for name in truths]
    found = climb(
        ladder, artifact(AS_GIVEN), Walk(build=oracle.build, judge=oracle, limit_s=limit_s), clock, lambda step, elapsed_s: None
    )
    return found, oracle


def codes(found: Optimization) -> list[str]:
    return [each.refusal.code if each.refusal else "passed" for each in found.tried]


def test_the_fastest_of_those_that_passed_is_chosen() -> None:
    found, _ = walk(a=Truth(speed=2.0), b=Truth(speed=3.0), c=Truth(speed=2.5))

    assert found.chosen.digest == "b"
    assert codes(found) == ["passed"] * 3


def test_the_first_rung_that_is_not_accurate_enough_ends_the_walk() -> None:
    found, oracle = walk(a=Truth(), b=Truth(speed=9.0, accuracy=Outcome.failed), c=Truth(speed=5.0))

    assert codes(found) == ["passed", "accuracy", "not-reached"]
    assert oracle.asked == ["a", "b"]
    assert found.chosen.digest == "a"


def test_too_few_rows_end_it_as_well() -> None:
    found, _ = walk(a=Truth(accuracy=Outcome.unknown), b=Truth())

    assert codes(found) == ["too-few-rows", "not-reached"]
    assert found.chosen.recipe == AS_GIVEN


@pytest.mark.parametrize(("outcome", "code"), [(Outcome.failed, "slower"), (Outcome.unknown, "speed-unclear")])
def test_a_rung_that_is_not_faster_is_dropped_without_a_look_at_held_out_rows(outcome: Outcome, code: str) -> None:
    found, oracle = walk(a=Truth(latency=outcome), b=Truth())

    assert codes(found) == [code, "passed"]
    assert oracle.asked == ["b"]


def test_what_cannot_be_built_does_not_end_the_walk() -> None:
    found, _ = walk(a=Truth(refused="library"), b=Truth())

    assert codes(found) == ["library", "passed"]


def test_when_the_time_is_over_the_best_so_far_is_taken() -> None:
    found, _ = walk(limit_s=15.0, a=Truth(takes_s=10.0), b=Truth(takes_s=10.0, speed=3.0), c=Truth(speed=9.0))

    assert codes(found) == ["passed", "passed", "out-of-time"]
    assert found.chosen.digest == "b"


def test_nothing_that_helps_leaves_the_model_as_it_is() -> None:
    found, _ = walk(a=Truth(latency=Outcome.failed))

    assert found.chosen.recipe == AS_GIVEN
