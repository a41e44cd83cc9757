"""Where and how a model runs, what that is predicted to give, and why other ways were refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from infractl.domain.cost import Cost
from infractl.domain.figure import Basis, Figure, quantity_text
from infractl.domain.offer import Mode, Offer
from infractl.domain.optimization import AccuracyVerdict
from infractl.domain.recipe import Recipe
from infractl.domain.unknown import Unknown
from infractl.units import Money, format_money

Quantity = Figure | Money
"""A number that can be compared: a latency, a rate, a size, or money a month."""

DOMINATED = "dominated-by"
"""By what a decision counts those that it does not list because they cost more."""

_AT_LEAST = frozenset({"1/s", "B"})
"""Units of what must be there at least, a rate or memory; of any other, less is better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """Of the whole service at its peak traffic: latency by percentile (50, 95, 99) in s, capacity in 1/s, memory in B.

    `capacity_per_s` is the largest rate at which the SLOs still hold (or, without SLOs, the queue stays stable).
    Of a language model `ttft_s` is the time to the first token and `tpot_s` that for each after it, by percentile.
    `utilization` is the busy share at peak traffic, `rate_per_s` (0: none declared, the service is taken as idle).
    """

    rate_per_s: float
    latency_s: Mapping[int, Figure]
    capacity_per_s: Figure
    memory_bytes: Figure
    utilization: float
    ttft_s: Mapping[int, Figure] = field(default_factory=dict)
    tpot_s: Mapping[int, Figure] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """An offer, a recipe and their shape: replicas, and for each the batch cap, sessions (instances) and threads a session.

    `replicas` stand there at peak traffic; paid by the call, they are what runs at once then. `least_replicas` are there while
    the least traffic comes, and `expected_replicas` in the mean over a month: None, `replicas` at all times. Of the replicas
    `spot_replicas` are the offer's where that may be taken away, and the others those of `beside`, the same kept for good.
    """

    offer: Offer
    recipe: Recipe
    replicas: int
    batch: int
    instances: int
    threads: int
    prediction: Prediction
    cost: Cost
    least_replicas: int | None = None
    expected_replicas: float | None = None
    mode: Mode = Mode.realtime
    spot_replicas: int = 0
    beside: Offer | None = None

    @property
    def paid_per_s(self) -> float:
        """The rate that is paid for whether it comes or not: the whole capacity, and nothing by the call."""
        return 0.0 if self.mode is Mode.serverless else self.prediction.capacity_per_s.value

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
    `remedy` is a command that tells more of what is not known well enough, "" where none can.
    """

    code: str
    need: Quantity | str
    have: Quantity | str
    remedy: str = ""

    def __str__(self) -> str:
        if isinstance(self.need, Money) and isinstance(self.have, Money):
            per = "thousand" if self.code.endswith("per-thousand") else "month"
            return f"{self.code}: needs {format_money(self.need)} a {per}, has {format_money(self.have)} a {per}"
        need = quantity_text(self.need.high, self.need.unit) if isinstance(self.need, Figure) else _text(self.need)
        settled = f"; {self.remedy} tells more" if self.remedy else ""
        return f"{self.code}: needs {need}, has {_have(self.need, self.have)}{settled}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dominated:
    """Why a feasible placement was not chosen: `by` is another, which costs less a month, or as much with more room in its p99.

    `dearer` is by how much this one costs more, unknown where a price is; `slower_s` by how much longer its p99 is.
    """

    by: str
    dearer: Money | Unknown
    slower_s: float

    def __str__(self) -> str:
        cost = (
            f"cost not known: {self.dearer.why}" if isinstance(self.dearer, Unknown) else f"+{format_money(self.dearer)} a month"
        )
        # To a nanosecond: what differs by less differs by how it was added up.
        slower_s = round(self.slower_s, 9)
        return f"dominated-by {self.by}: {cost}, p99 {'+' if slower_s >= 0 else '-'}{quantity_text(abs(slower_s), 's')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One offer and recipe, costed; feasible without violations. `placement`: the best shape found, None where none computes.

    `dominated` is there for what is feasible and was not chosen, `accuracy` for a recipe that has proven itself.
    """

    offer: Offer
    recipe: Recipe
    placement: Placement | None
    violations: tuple[Violation, ...]
    dominated: Dominated | None = None
    accuracy: AccuracyVerdict | None = None

    @property
    def is_unproven(self) -> bool:
        """Whether nobody knows yet how good its answers are."""
        return self.accuracy is None and bool(self.recipe.passes or self.recipe.options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxed:
    """One demand as it could be kept: `field` below `spec` ("slo.latency.p99", "traffic.peak", "budget.monthly")."""

    field: str
    to: Quantity

    def __str__(self) -> str:
        if self.field == "slo.tokenThroughput":
            return f"{_text(self.to)} of output tokens"
        if self.field == "budget.perThousand" and isinstance(self.to, Money):
            return f"{format_money(self.to)} a thousand"
        return f"{self.limit} of {_text(self.to)}" if self.limit else _text(self.to)

    @property
    def limit(self) -> str:
        """Of a time at a percentile what it is called, "p99" or "ttft p95"; "" for what is no such limit."""
        first, *path = self.field.split(".")
        if first != "slo" or len(path) != 2:
            return ""
        return path[1] if path[0] == "latency" else " ".join(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """A service that would be feasible: all of `relaxed` together and the rest as declared.

    `at` recalls what is declared of the other side ("2000/s", "p99 10ms"); `on` names the offer where there are several.
    """

    relaxed: tuple[Relaxed, ...]
    at: str = ""
    on: str = ""

    def __str__(self) -> str:
        limits = [str(demand) for demand in self.relaxed if demand.limit]
        others = [str(demand) for demand in self.relaxed if not demand.limit]
        text = " at ".join(part for part in (" and ".join(limits), *others, self.at) if part)
        return f"{text} on {self.on}" if self.on else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Every offer and recipe: the feasible ones ranked, the others with their reasons.

    `given_up` is the recorded shape where it is not feasible any more. `outpriced` are feasible as far as a table tells, and so
    much dearer than the first that nobody looked closer: they have no placement. Of a decision among many offers a document
    lists some: `omitted` counts the others by their first reason, "dominated-by" where they are feasible.
    """

    ranked: tuple[Evaluation, ...]
    refused: tuple[Evaluation, ...]
    given_up: Evaluation | None = None
    omitted: Mapping[str, int] = field(default_factory=dict)
    outpriced: tuple[Evaluation, ...] = ()

    @property
    def feasible(self) -> int:
        """How many evaluations keep the demands, listed or not."""
        return len(self.ranked) + len(self.outpriced) + self.omitted.get(DOMINATED, 0)

    @property
    def evaluated(self) -> int:
        """How many there are in all, listed or not."""
        listed = len(self.ranked) + len(self.outpriced) + len(self.refused)
        return listed + sum(self.omitted.values())

    def next_best(self, chosen: Placement) -> Placement | None:
        """The best placement on another offer than the chosen one's."""
        placed = (e.placement for e in self.ranked if e.placement is not None)
        return next((placement for placement in placed if placement.offer.key != chosen.offer.key), None)


def times_as_dear(chosen: Placement, other: Placement) -> float | None:
    """How many times what the chosen one costs the other does; None where that cannot be compared."""
    less, more = chosen.cost.expected_amount, other.cost.expected_amount
    if not (isinstance(less, Money) and isinstance(more, Money)) or less.currency != more.currency or not less.amount:
        return None
    return float(more.amount / less.amount)


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
