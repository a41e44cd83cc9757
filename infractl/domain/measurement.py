"""What was measured of an artifact on a machine, and all that is known by measuring."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from infractl.domain.calibration import Calibration
from infractl.domain.figure import Figure
from infractl.domain.release import Release, ServingConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One artifact's service, measured on a chip in one shape. What was not measured is not among the figures.

    `config` is the shape ("max_batch", "max_delay_s", "instances", "threads"), `machine` the facts that the figures hold for,
    empty where the service runs on another; `extents` the sizes of the request's dimensions, the batch included; `scenarios`
    names what was run ("Server", ...).
    `figures`, all as a client sees them, each between the ends of a 95% confidence interval:
    "alone_p50", ... (s): one request at a time;
    "p50", ... (s): at `rate_per_s` Poisson arrivals, each from the moment that it was due;
    "saturation" (1/s): the most answers a second, whatever they take;
    "capacity" (1/s): the highest rate of Poisson arrivals that kept `limits_s` (by percentile), up to the lowest that did not;
    "multi_stream_p50", ... (s): eight requests at once, until all are answered; "offline" (1/s): samples, not requests.
    Percentiles are p50, p90, p95, p99, p99.9, each where there were requests enough for it.
    `bounds` names the figures that are no more than that, because the load tool was the limit or no more was tried: a latency is
    at most so long, a rate at least so high. `disturbances` say what may have made the service slower than it is.
    `requests` were sent in all, `errors` of them failed; `load` names the tool that sent them.
    """

    artifact: str
    chip: str
    machine: Mapping[str, str]
    config: Mapping[str, float]
    at: datetime
    figures: Mapping[str, Figure]
    rate_per_s: float = 0.0
    limits_s: Mapping[int, float] = field(default_factory=dict)
    extents: Mapping[str, int] = field(default_factory=dict)
    scenarios: tuple[str, ...] = ()
    requests: int = 0
    errors: int = 0
    load: str = ""
    bounds: tuple[str, ...] = ()
    disturbances: tuple[str, ...] = ()

    def exceeds(self, name: str, limit_s: float) -> bool:
        """Whether a latency is surely longer: the whole of its interval is, and it is not a mere bound."""
        figure = self.figures.get(name)
        return figure is not None and name not in self.bounds and figure.low > limit_s

    def falls_short(self, name: str, least_per_s: float) -> bool:
        """Whether a rate is surely lower."""
        figure = self.figures.get(name)
        return figure is not None and name not in self.bounds and figure.high < least_per_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """All that is known by measuring, as placement needs it."""

    calibrations: Mapping[str, Calibration]
    measurements: Sequence[Measurement] = ()


def shape_of(config: ServingConfig) -> dict[str, float]:
    """The shape of a serving configuration, as a measurement's `config` has it."""
    return shape(max_batch=config.max_batch, max_delay_s=config.max_delay_s, instances=config.instances, threads=config.threads)


def shape(*, max_batch: int, max_delay_s: float, instances: int, threads: int) -> dict[str, float]:
    return {
        "max_batch": float(max_batch),
        "max_delay_s": max_delay_s,
        "instances": float(instances),
        "threads": float(threads),
    }


def of_release(release: Release, measurements: Iterable[Measurement]) -> tuple[Measurement, ...]:
    """What was measured of this artifact on this chip in this shape, the newest first."""
    of = (release.artifact.digest, release.placement.offer.chip.name, shape_of(release.config))
    found = [m for m in measurements if (m.artifact, m.chip, m.config) == of]
    return tuple(sorted(found, key=lambda m: m.at, reverse=True))
