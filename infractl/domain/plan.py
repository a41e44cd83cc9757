"""What would change, why, what it is predicted to give, and what it costs: the document that is reviewed, saved and applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from infractl.domain.action import Action
from infractl.domain.address import Address, ServiceKey
from infractl.domain.budget import BudgetStanding
from infractl.domain.cost import CostSummary
from infractl.domain.given import Given
from infractl.domain.placement import Decision
from infractl.domain.release import Deployment
from infractl.domain.resource import Live, Recorded, Resource
from infractl.domain.service_state import Rollback
from infractl.domain.steering import UNSTEERED, Steering
from infractl.domain.value import Properties


class Cause(StrEnum):
    """Why an attribute differs."""

    config = "config"
    """What is wanted is not what was recorded."""
    drift = "drift"
    """What lives is not what was recorded: it is reverted."""
    replaced = "replaced"
    """What it refers to is made anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeChange:
    """One attribute, by path (`config.max_batch`). An `after` that is an Output is known after apply.

    An absent side is None, and `added` or `removed` says so.
    """

    path: str
    before: Any
    after: Any
    cause: Cause
    added: bool = False
    removed: bool = False
    replaces: bool = False


class Course(StrEnum):
    """Why an attribute that differs stays as it lives."""

    kept = "kept"
    """The user leaves it to others."""
    ignored = "ignored"
    """The provider does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftAttribute:
    """One attribute that differs and stays as it lives, by path.

    An absent side is None, and `added` (live only) or `removed` (declared only) says so.
    """

    path: str
    declared: Any
    live: Any
    course: Course
    why: str
    added: bool = False
    removed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happens to one resource, and the reasons, in words. `deposed`: to an object that was replaced and is still there.

    `attributes` are those that become what is wanted, and `left` those that differ and stay.
    """

    address: Address
    target: str
    action: Action
    reasons: tuple[str, ...]
    attributes: tuple[AttributeChange, ...] = ()
    desired: Resource | None = None
    recorded: Recorded | None = None
    live: Live | None = None
    create_first: bool = False
    deposed: bool = False
    left: tuple[LeftAttribute, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something a reader of the plan must know, that changes nothing: a held lock, an orphan, advice."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePlan:
    """One service. `lineage` and `serial` are of the state that it was made from (serial 0: none yet).

    `current` is the version that is deployed now; `deployment` what is wanted after the plan (None: destroyed), and
    `decision` how that was found. `given` is what the environment made of the service's document. `cost` is what the chosen
    placement's cost comes to, `cost_before` what that of the deployed one came to when it was applied. `rollback`: it leads back
    to an earlier deployment, whatever is declared. `labels` are those of the document's metadata. `partial`: it leaves the
    recorded deployment as it is, since what was asked for leaves something out (at the addresses `left_out`) or changes the
    record alone. `moved_from`: the service's name so far, "" where it has its name already; the state is that of then.
    """

    key: ServiceKey
    target: str
    lineage: str
    serial: int
    spec_digest: str
    current: str | None
    deployment: Deployment | None
    decision: Decision | None
    slo: Mapping[str, str]
    traffic: Mapping[str, str]
    changes: tuple[Change, ...]
    outputs: Properties
    notices: tuple[Notice, ...] = ()
    measurements: tuple[str, ...] = ()
    given: tuple[Given, ...] = ()
    cost: CostSummary | None = None
    cost_before: CostSummary | None = None
    rollback: Rollback | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[Address, ...] = ()
    partial: bool = False
    moved_from: str = ""

    @property
    def changed(self) -> tuple[Change, ...]:
        return tuple(c for c in self.changes if c.action is not Action.no_op)

    @property
    def decided_alone(self) -> bool:
        """Whether a deployment is decided and priced, of which nothing can be made: its provider only offers."""
        return self.deployment is not None and not self.changes and not self.partial


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The services' plans; `notices` are those of the project as a whole. `selected`: which part of it was asked for, "": all.
    `steering` is what else shaped it. `budgets` are those that services share, with what they come to after the plan.
    """

    project: str
    environment: str
    services: tuple[ServicePlan, ...]
    providers: Mapping[str, str]
    created_at: datetime
    created_by: str
    infractl: str
    notices: tuple[Notice, ...] = ()
    selected: str = ""
    steering: Steering = UNSTEERED
    budgets: tuple[BudgetStanding, ...] = ()

    @property
    def changed(self) -> bool:
        return any(s.changed for s in self.services)
