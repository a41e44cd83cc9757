"""How requests arrive: what a declared traffic pattern means in numbers, and arrival times drawn from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """Gaps that follow a gamma distribution with squared coefficient of variation `ca2` (1: a Poisson process), in bursts.

    Requests come only for `on_share` of the time, about `burst` of them at a time, with pauses between; 1 is without pauses. A
    rate is always the one while requests come. Each request reaches this queue with a probability of `part`, by chance, and
    others else: the more queues share the traffic, the less each sees of its bursts.
    """

    ca2: float = 1.0
    on_share: float = 1.0
    burst: float = 1.0
    part: float = 1.0

    @property
    def is_poisson(self) -> bool:
        """Whether the closed forms, the chain and its table hold; else only a simulation does."""
        return self.ca2 == 1.0 and self.on_share == 1.0

    @property
    def variability(self) -> float:
        """The squared coefficient of variation of the gaps that this queue sees while requests come.

        Of a renewal process of which each request is kept with probability p: 1 + p (ca2 - 1).
        """
        return 1 + self.part * (self.ca2 - 1)

    def among(self, queues: int) -> Arrivals:
        """What each of so many queues sees, which requests choose at random."""
        return self if self.is_poisson or queues == 1 else replace(self, part=self.part / queues)


PATTERNS: Mapping[str, Arrivals] = MappingProxyType(
    {
        "steady": Arrivals(),
        # Within the hour that decides, the rate hardly moves: how it moves over the day is a matter of replicas.
        "diurnal": Arrivals(),
        "bursty": Arrivals(ca2=8.0),
        "sporadic": Arrivals(on_share=0.1, burst=50.0),
    }
)
"""What `traffic.pattern` is planned with.

Estimated: no trace stands behind them. Bursty traffic is seen with ca2 of 4 to 16, of which 8 is the middle; a service of
sporadic traffic is taken to be called a tenth of the time, some 50 requests at once.
"""


@lru_cache(maxsize=64)
def unit_arrivals(arrivals: Arrivals, requests: int, seed: int) -> Vector:
    """Ascending arrival times, at one a second while requests come; the same for the same arguments, and not to be written to.

    Divide by a rate: so all candidates see the same traffic, and their differences are their own.
    """
    import numpy as np

    source = np.random.default_rng(seed)
    # Between two requests that reach this queue lie so many gaps of the whole traffic; sums of gamma variates are gamma again.
    several = source.geometric(arrivals.part, requests) if arrivals.part < 1 else np.ones(requests, int)
    gaps = source.standard_gamma(several / arrivals.ca2) * arrivals.ca2
    if arrivals.on_share < 1:
        ends = source.binomial(several, 1 / arrivals.burst)
        pause = arrivals.burst * (1 - arrivals.on_share) / arrivals.on_share
        gaps = gaps + source.standard_gamma(ends) * pause
    gaps = gaps * arrivals.part
    times: Vector = np.cumsum(gaps)
    times.setflags(write=False)
    return times
