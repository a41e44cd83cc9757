"""From what became of a load's requests to figures: percentiles, rates, and whether the client was the limit. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, sqrt
from typing import TYPE_CHECKING

from infractl.domain.figure import Basis, Figure
from infractl.measure.bench.job import Load
from infractl.measure.bench.percentile import CONFIDENCE, Interval, least_samples, quantile_interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHARES: Mapping[str, float] = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}

BUSY_SHARE = 0.9
"""A client that computes more of the time than this cannot send more."""

LATE_SHARE = 0.2
"""A client that sends later than this part of what it measures is a part of what it measures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """The figures by name, and why others are lacking."""

    figures: Mapping[str, Figure]
    lacking: Mapping[str, str]


def latencies(load: Load, warm_up_s: float) -> NDArray[np.float64]:
    """Of every counted query in the order in which it was begun; infinite where it failed."""
    import numpy as np

    began_s, done_s = np.asarray(load.began_s), np.asarray(load.done_s)
    counted = began_s >= warm_up_s
    spent_s: NDArray[np.float64] = done_s[counted] - began_s[counted]
    return spent_s


def percentiles(samples: NDArray[np.float64], source: str) -> Percentiles:
    """Each percentile between the ends of its interval, and the largest of all."""
    figures: dict[str, Figure] = {}
    lacking: dict[str, str] = {}
    for name, share in SHARES.items():
        interval = quantile_interval(samples, share)
        if interval is not None:
            figures[name] = figure(interval, "s", source)
        else:
            lacking[name] = too_few(len(samples), share) or "too many requests failed or were not sent"
    if len(samples) and not any(samples == float("inf")):
        largest = float(samples.max())
        figures["max"] = figure(Interval(largest, largest, largest), "s", source)
    return Percentiles(figures=figures, lacking=lacking)


def too_few(count: int, share: float) -> str:
    """Why so many samples cannot enclose a quantile; empty where they can."""
    least = least_samples(share)
    return f"too few requests: {count:,}, and {least:,} are needed" if count < least else ""


def arrivals_needed(share: float) -> int:
    """So many expected Poisson arrivals are hardly ever too few for a quantile: in one of some 30,000 loads.

    The square root of their number has the standard deviation 1/2, whatever the mean (Anscombe, The Transformation of Poisson,
    Binomial and Negative-Binomial Data, Biometrika 35, 1948); four of those are added.
    """
    return ceil((sqrt(least_samples(share)) + 2) ** 2)


def figure(interval: Interval, unit: str, source: str) -> Figure:
    return Figure(
        value=interval.value,
        unit=unit,
        low=interval.low,
        high=interval.high,
        basis=Basis.measured,
        source=f"{source}; {CONFIDENCE:.0%} interval",
    )


def client_limit(load: Load, samples: NDArray[np.float64]) -> str:
    """Why the client, and not the service, set the figures; empty where it did not."""
    import numpy as np

    if load.busy_share > BUSY_SHARE:
        return f"the load process was busy for {load.busy_share:.0%} of the time"
    for share in (0.5, 0.99):
        late_s = lateness(load, share)
        if len(samples) and late_s > LATE_SHARE * float(np.quantile(samples, share, method="inverted_cdf")):
            name = f"p{share * 100:g}"
            return f"the load process sent late: {late_s * 1000:.3g}ms of the {name} are its own"
    return ""


def lateness(load: Load, share: float) -> float:
    """How late the client was, as a quantile over all requests: those that waited for a connection were not late by its doing."""
    import numpy as np

    if not load.late_s:
        return 0.0
    return float(np.quantile(np.concatenate([np.asarray(load.late_s), np.zeros(load.waited)]), share, method="inverted_cdf"))
