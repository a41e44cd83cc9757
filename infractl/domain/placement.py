"""Where and how a model runs, what that is predicted to give, and why other ways were refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from infractl.domain.cost import Cost
from infractl.domain.figure import Basis, Figure, quantity_text
from infractl.domain.offer import Offer
from infractl.domain.recipe import Recipe
from infractl.units import Money, format_money

Quantity = Figure | Money
"""A number that can be compared: a latency, a rate, a size, or money a month."""

_AT_LEAST = frozenset({"1/s", "B"})
"""Units of what must be there at least, a rate or memory; of any other, less is better."""


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

    @property
    def cut(self) -> str:
        """How a replica is cut, in words: `2 sessions of 2 threads, batches of up to 8`."""
        threads = f" of {self.threads} threads" if self.threads > 1 else ""
        sessions = f"{self.instances} session{'' if self.instances == 1 else 's'}"
        return f"{sessions}{threads}, batches of up to {self.batch}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """Why an offer and recipe were refused: a coded reason (`p99-over-slo`), with what is needed and what there is.

    Both are numbers wherever they can be, and text else. As text, a figure shows the end that the decision was made by.
    """

    code: str
    need: Quantity | str
    have: Quantity | str

    def __str__(self) -> str:
        need = quantity_text(self.need.high, self.need.unit) if isinstance(self.need, Figure) else _text(self.need)
        return f"{self.code}: needs {need}, has {_have(self.need, self.have)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One offer and recipe, costed; feasible without violations. `placement`: the best shape found, None where none computes."""

    offer: Offer
    recipe: Recipe
    placement: Placement | None
    violations: tuple[Violation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxed:
    """One demand as it could be kept: `field` below `spec` ("slo.latency.p99", "traffic.peak", "budget.monthly")."""

    field: str
    to: Quantity

    def __str__(self) -> str:
        percentile = self.field.removeprefix("slo.latency.")
        return _text(self.to) if percentile == self.field else f"{percentile} of {_text(self.to)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """A service that would be feasible: all of `relaxed` together and the rest as declared.

    `at` recalls what is declared of the other side ("2000/s", "p99 10ms"); `on` names the offer where there are several.
    """

    relaxed: tuple[Relaxed, ...]
    at: str = ""
    on: str = ""

    def __str__(self) -> str:
        limits = [str(demand) for demand in self.relaxed if demand.field.startswith("slo.latency.")]
        others = [str(demand) for demand in self.relaxed if not demand.field.startswith("slo.latency.")]
        text = " at ".join(part for part in (" and ".join(limits), *others, self.at) if part)
        return f"{text} on {self.on}" if self.on else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Every offer and recipe: the feasible ones ranked, the others with their reasons. `nearest` says what would be feasible.

    `given_up` is the recorded shape where it is not feasible any more.
    """

    ranked: tuple[Evaluation, ...]
    refused: tuple[Evaluation, ...]
    nearest: tuple[Nearest, ...] = ()
    given_up: Evaluation | None = None


def _text(quantity: Quantity | str) -> str:
    match quantity:
        case Figure():
            return quantity_text(quantity.value, quantity.unit)
        case Money():
            return f"{format_money(quantity)} a month"
        case _:
            return quantity


def _have(need: Quantity | str, have: Quantity | str) -> str:
    match have:
        case Figure(basis=Basis.measured):
            return f"{_text(have)} as measured"
        case Figure():
            return _shortfall(need, have)
        case _:
            return _text(have)


def _shortfall(need: Quantity | str, have: Figure) -> str:
    """The end that is likely at worst; before it the expected value, where that alone would be enough."""
    least = have.unit in _AT_LEAST
    worst = have.low if least else have.high
    text = quantity_text(worst, have.unit)
    if not isinstance(need, Figure) or worst == have.value:
        return text
    enough = have.value >= need.value if least else have.value <= need.value
    return f"{_text(have)}, {'down' if least else 'up'} to {text}" if enough else text
