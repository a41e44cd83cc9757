"""What services would cost and give, before anything is applied and without knowing what is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from infractl.domain.address import ServiceKey
from infractl.domain.budget import BudgetStanding
from infractl.domain.cost import CostSummary
from infractl.domain.given import Given
from infractl.domain.placement import Evaluation, Nearest, Placement
from infractl.units import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What is decided of a service. Without a `placement` nothing keeps what is asked: `refused` comes nearest, `nearest` says
    what would hold.
    """

    slo: Mapping[str, str]
    traffic: Mapping[str, str]
    placement: Placement | None
    cost: CostSummary | None
    refused: Evaluation | None
    nearest: tuple[Nearest, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceEstimate:
    """`baseline` is the outcome as declared, and `outcome` that with what is tried out: where nothing is, there is no baseline.

    `given` is what was tried out of this service's document.
    """

    key: ServiceKey
    labels: Mapping[str, str]
    given: tuple[Given, ...]
    baseline: Expectation | None
    outcome: Expectation


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """A month of several services, one sum for each currency. `unknown` have no known price, `infeasible` no placement."""

    floor: tuple[Money, ...]
    expected: tuple[Money, ...]
    ceiling: tuple[Money, ...]
    unknown: tuple[str, ...]
    infeasible: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Of a project's services, as they are declared or with `what_if` (`traffic.peak=5000/s`) laid over each."""

    project: str
    environment: str
    what_if: tuple[str, ...]
    services: tuple[ServiceEstimate, ...]
    total: Total
    baseline_total: Total | None
    budgets: tuple[BudgetStanding, ...]
