"""What was tried to make a model faster, what each step was found to be, and what is served in the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from infractl.domain.artifact import Artifact
from infractl.domain.figure import Figure
from infractl.domain.metric import Metric
from infractl.domain.recipe import Recipe


class Outcome(StrEnum):
    """`unknown`: there are too few rows, or no machine, to tell."""

    passed = "passed"
    failed = "failed"
    unknown = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyVerdict:
    """The metric of the given model and of a candidate on the same held-out `rows`.

    `drop` is how much worse the candidate is, in points of the metric (of errors, as a share of the given model's), and `upper`
    the end of its one-sided interval at `confidence`, which has to stay within `margin`. `rows_needed` would prove it with a
    power of 80%. `why` says in words what decided.
    """

    outcome: Outcome
    metric: Metric
    given: float
    candidate: float
    drop: float
    upper: float
    margin: float
    rows: int
    rows_needed: int | None = None
    confidence: float = 0.95
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyVerdict:
    """By batch size: the time of one call (s), and how many times as fast it is as the given model's, in the same minute.

    The speed-up that counts, `overall`, is the geometric mean over the batches. Its basis says whether it was measured.
    """

    outcome: Outcome
    call_s: Mapping[int, Figure]
    speedup: Mapping[int, Figure]
    overall: Figure
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a recipe came to nothing: a fixed code (`no-data`, `out-of-time`, `slower`, `accuracy`, ...), and the words."""

    code: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One rung: what was built and found, and why it was dropped where it was. `notes` are the passes' own words."""

    recipe: Recipe
    artifact: Artifact | None
    accuracy: AccuracyVerdict | None
    latency: LatencyVerdict | None
    refusal: Refusal | None
    notes: tuple[str, ...] = ()
    took_s: float = 0.0
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimization:
    """The rungs in the order in which they were tried, and the artifact to serve: the given model where none was better."""

    chosen: Artifact
    tried: tuple[Tried, ...]
