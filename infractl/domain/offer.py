"""What can be bought: a chip, how many, where, on which terms, for how much."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from infractl.domain.chip import NOT_STATED, Chip
from infractl.domain.figure import Figure
from infractl.domain.unknown import Unknown


class Purchase(StrEnum):
    owned = "owned"
    on_demand = "on-demand"
    spot = "spot"
    savings_plan = "savings-plan"


MOST_PRICE = Decimal(1_000_000)
"""Of one unit of anything; what stands above it, such as an infinity, is a slip."""


def is_price(price: Decimal) -> bool:
    """Whether somebody may be asked to pay that: more than nothing, and a number."""
    return price.is_finite() and 0 < price <= MOST_PRICE


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """The price of one unit of what is metered. `name` is what a cost's line is called.

    Of `metric` by `unit` there are: instance by hour, memory by GB-s, processor by vCPU-s, accelerator by GPU-s, requests by
    million, data by GB; and of machines of one's own purchase by month and power by hour.
    """

    metric: str
    unit: str
    price: Decimal | Unknown
    currency: str
    source: str
    date: date
    name: str = ""


class Mode(StrEnum):
    """How an offer serves: as instances that stand there, or by the call; `async` instances go away while nothing waits."""

    realtime = "realtime"
    asynchronous = "async"
    serverless = "serverless"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """What is known of an offer that is paid by the call, at one size: it starts when a request finds nobody free.

    `cores` is the share of processor that its memory comes with. A started one stays for `keep_alive_s` after its last request.
    `concurrency` is the most that run at once, `timeout_s` the longest that a request may take.
    """

    cores: float
    keep_alive_s: Figure
    start_s: Figure
    concurrency: int
    timeout_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """`count` chips with their host, at one target. `name` is the provider's word: "ml.g5.xlarge", "this machine".

    `host_cores` are those beside the chips; of a CPU offer they are the chip's own. `metered` is there for what is paid by the
    call. `interrupted_s` is the mean time until spot capacity is taken away. `available` is how many there are, None: enough.
    """

    name: str
    target: str
    chip: Chip
    count: int
    region: str
    purchase: Purchase
    tariff: tuple[Rate, ...]
    host_memory_bytes: int
    host_cores: int = 0
    modes: tuple[Mode, ...] = (Mode.realtime,)
    metered: Metered | None = None
    interrupted_s: Figure | Unknown = NOT_STATED
    available: int | None = None

    @property
    def by_the_call(self) -> bool:
        """Whether it serves by the call alone, and stands nowhere."""
        return self.modes == (Mode.serverless,)

    @property
    def key(self) -> tuple[str, str, str, Purchase]:
        """What makes it the same offer tomorrow, whatever it costs then."""
        return (self.target, self.name, self.region, self.purchase)
