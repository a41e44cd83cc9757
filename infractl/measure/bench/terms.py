"""On which terms a service is measured: how long, how many, how late. All that bounds a run is here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SEED = 1
"""Of the arrivals and the generated requests: two runs with the same options send the same."""

WARM_UP_SHARE = 0.1
LEAST_WARM_UP_S = 0.3
"""The first tenth of a run, and at least this long, is sent and not counted: connections open, caches fill, queues settle."""

LENGTHENED = 4
"""A load that would have too few requests for its percentiles takes longer, but at most so many times the duration."""

OPEN_CONNECTIONS = 256
"""That an open loop opens as it needs them; what is due while all are taken waits, and its latency counts that."""

GIVE_UP_S = 5.0
TIMEOUT_S = 10.0

FEW_ERRORS_SHARE = 0.001
"""So many requests may fail, or one, without the figures of a run being in doubt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """Encoded requests, sent in turn and over again. `items` is the batch of each, `extents` its sizes, `source` words for it."""

    bodies: Sequence[bytes]
    items: int
    extents: Mapping[str, int]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What to measure. `rate_per_s` is the peak (None: not declared), `limits_s` the SLO's latencies by percentile.

    `connections` is how many clients make the saturation. `whole` are requests of as many items as the service joins, for
    Offline.
    """

    requests: Requests
    whole: Requests
    rate_per_s: float | None
    limits_s: Mapping[int, float]
    duration_s: float
    connections: int
    seed: int = SEED

    @property
    def warm_up_s(self) -> float:
        return max(LEAST_WARM_UP_S, WARM_UP_SHARE * self.duration_s)

    @property
    def longest_s(self) -> float:
        """The longest that one load is counted."""
        return LENGTHENED * self.duration_s

    @property
    def timeout_s(self) -> float:
        return max(TIMEOUT_S, 4 * max(self.limits_s.values(), default=0.0))


def few_errors(requests: int) -> int:
    """So many of the requests may fail."""
    return max(1, int(FEW_ERRORS_SHARE * requests))
