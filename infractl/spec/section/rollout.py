"""`spec.rollout`: how a new release takes over, and what takes it back."""

from typing import Annotated, Literal

from infractl.spec.quantity import Delay, Seconds, Share
from infractl.spec.schema.field import Section, option
from infractl.spec.schema.shape import Number


class Limits(Section):
    """What must not be exceeded; each that is given counts."""

    p50: Seconds | None = option("The median latency.", default=None, example="10ms")
    p95: Seconds | None = option("The 95th percentile of the latency.", default=None, example="15ms")
    p99: Seconds | None = option("The 99th percentile of the latency.", default=None, example="20ms")
    ttft: Seconds | None = option("The 95th percentile of a language model's time to first token.", default=None, example="800ms")
    tpot: Seconds | None = option("The 95th percentile of its time per output token.", default=None, example="60ms")
    error_rate: Share | None = option("The share of requests that fail.", default=None, example="1%")
    shift: Annotated[float, Number(least=0)] | None = option(
        "How far the inputs are from the reference data.", default=None, example="0.2"
    )


class Rollout(Section):
    """How a new release takes over, and what takes it back."""

    strategy: Literal["direct", "canary", "blue-green", "shadow"] = option(
        "`direct` switches at once; `canary` by steps; `blue-green` after a bake beside the old one; "
        "`shadow` copies requests to the new one before that.",
        default="direct",
        already=("direct",),
    )
    steps: tuple[Share, ...] = option(
        "Shares of the traffic that a canary gets, one after the other.", default=(), example="[5%, 25%, 100%]"
    )
    bake: Delay = option("How long each step is watched before the next.", default=120.0, example="2m")
    rollback_on: Limits = option(
        "What takes the new release back.", default=Limits(), example="{errorRate: 1%, p99: 20ms}", guards=True
    )
