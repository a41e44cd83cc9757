"""Why a service is placed as it is: what was chosen, what comes next, what was refused, and what would change the choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from infractl.domain.address import ServiceKey
from infractl.domain.cost import CostSummary
from infractl.domain.figure import Figure
from infractl.domain.hardware_class import HardwareClass
from infractl.domain.offer import Offer
from infractl.domain.placement import Evaluation, Nearest, Placement, Quantity, Relaxed
from infractl.domain.recipe import Recipe
from infractl.domain.unknown import Unknown
from infractl.units import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassOutcome:
    """What became of the offers of a hardware class: how many keep the demands, how many do not, and of these the nearest."""

    hardware_class: HardwareClass
    feasible: int
    refused: int
    nearest: Evaluation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsettled:
    """An offer that may keep the demands: `remedy` tells more, "" where no command can. `least` is one replica's month."""

    offer: Offer
    remedy: str
    need: Quantity | str
    have: Quantity | str
    least: Money | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """At `factor` times the traffic, a rate of `rate_per_s`, this is chosen instead; None: nothing keeps the demands there.

    The factor is exact to a twentieth: just below it the choice is still what it was.
    """

    factor: float
    rate_per_s: float
    chosen: Placement | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """What is chosen where one limit is relaxed so far, and what that saves a month: a sum, and its share.

    Limits at higher percentiles that would be shorter than the relaxed one, which is the first, are relaxed with it.
    """

    relaxed: tuple[Relaxed, ...]
    chosen: Placement
    saves: Money
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """How the choice depends on traffic and limits, found by deciding anew `decisions` times.

    The choice stays up to `stays_to` times the traffic at least, as far as was looked.
    """

    turns: tuple[Turn, ...]
    savings: tuple[Saving, ...]
    stays_to: float
    decisions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CostPoint:
    """What keeps the demands, as a point: its monthly cost, and its p99 at the slow end of what is likely. None with `on_front`
    is beaten in both. `replicas`: None where only a table of queues was asked, which tells enough of what is much dearer.
    """

    offer: str
    target: str
    recipe: str
    hardware_class: HardwareClass
    replicas: int | None
    monthly: Money
    p99_s: float
    on_front: bool
    chosen: bool


class Stage(StrEnum):
    """A step of the sum that an evaluation is, in its order."""

    prompt = "reading the prompt"
    token = "making tokens"
    service_time = "service time"
    batch = "batch"
    queue = "queue"
    capacity = "capacity"
    replicas = "replicas"
    memory = "memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingLine:
    """One figure of the sum: what it is, and in `how` what it was made of."""

    stage: Stage
    name: str
    figure: Figure
    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Working:
    """The whole sum of one offer. Cost lines are those of the evaluation's placement. `others` offers have the same name.

    `why` says where there are no lines.
    """

    evaluation: Evaluation
    lines: tuple[WorkingLine, ...]
    summary: CostSummary | None
    others: int
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Of one service. `chosen` is None where nothing keeps the demands: then `nearest` says what would.

    `next_best` is the best on another offer, and `times` how many times as dear. `kept`: it was deployed so, and something
    cheaper is within the tolerance. `slo` and `traffic` are as declared.
    """

    key: ServiceKey
    version: str
    slo: Mapping[str, str]
    traffic: Mapping[str, str]
    budget: Money | None
    offers: int
    recipes: tuple[Recipe, ...]
    chosen: Placement | None
    cost: CostSummary | None
    kept: bool
    next_best: Placement | None
    times: float | None
    classes: tuple[ClassOutcome, ...]
    unsettled: tuple[Unsettled, ...]
    nearest: tuple[Nearest, ...]
    sensitivity: Sensitivity | None
    points: tuple[CostPoint, ...]
    working: Working | None = None
