"""Where and how a model runs, what that is predicted to give, and why other ways were refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from infractl.domain.cost import Cost
from infractl.domain.figure import Figure
from infractl.domain.offer import Offer
from infractl.domain.recipe import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """Of the whole service at its peak traffic: latency by percentile (50, 95, 99) in s, capacity in 1/s, memory in B.

    `capacity_per_s` is the largest rate at which the SLOs still hold (or, without SLOs, the queue stays stable).
    `utilization` is the busy share at peak traffic, `rate_per_s` (0: none declared, the service is taken as idle).
    """

    rate_per_s: float
    latency_s: Mapping[int, Figure]
    capacity_per_s: Figure
    memory_bytes: Figure
    utilization: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """An offer, a recipe and their shape: replicas, and for each the batch cap, sessions (instances) and threads a session."""

    offer: Offer
    recipe: Recipe
    replicas: int
    batch: int
    instances: int
    threads: int
    prediction: Prediction
    cost: Cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """Why an offer and recipe were refused: a coded reason (`p99-over-slo`), with what is needed and what there is."""

    code: str
    need: str
    have: str

    def __str__(self) -> str:
        return f"{self.code}: needs {self.need}, has {self.have}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One offer and recipe, costed; feasible without violations. `placement`: the best shape found, None where none computes."""

    offer: Offer
    recipe: Recipe
    placement: Placement | None
    violations: tuple[Violation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Every offer and recipe: the feasible ones ranked, the others with their reasons. `nearest` says what would be feasible."""

    ranked: tuple[Evaluation, ...]
    refused: tuple[Evaluation, ...]
    nearest: tuple[str, ...] = ()
