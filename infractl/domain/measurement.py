"""What was measured of an artifact on a machine, and all that is known by measuring."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from infractl.domain.calibration import Calibration
from infractl.domain.figure import Figure
from infractl.domain.optimization import Tried
from infractl.domain.recipe import Recipe
from infractl.domain.release import Release, ServingConfig
from infractl.tensors import Signature

SHAPE = ("max_batch", "max_delay_s", "instances", "threads")
"""What of a serving configuration a measurement holds for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One artifact's service, measured on a chip in one shape. What was not measured is not among the figures.

    `config` is the shape (`SHAPE`), `machine` the facts that the figures hold for,
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
    at most so long, a rate at least so high. `disturbances` say what may have made the service slower than it is: then all are.
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

    def __post_init__(self) -> None:
        odd = [name for name, figure in self.figures.items() if not _sensible(figure)]
        odd += [axis for axis, size in self.extents.items() if size < 1]
        odd += [name for name in SHAPE if not self.config.get(name, -1) >= (0 if name == "max_delay_s" else 1)]
        odd += [] if self.at.tzinfo else ["a time without a zone"]
        if odd:
            raise ValueError(f"it makes no sense of {', '.join(odd)}")

    def is_bound(self, name: str) -> bool:
        """Whether the figure is no better than a bound: the true latency may be shorter, the true rate higher."""
        return name in self.bounds or bool(self.disturbances)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """All that is known by measuring, as placement needs it. `tried` is what was made of the model for each chip, by its name."""

    calibrations: Mapping[str, Calibration]
    measurements: Sequence[Measurement] = ()
    tried: Mapping[str, Sequence[Tried]] = field(default_factory=dict)

    def made(self, chip: str, recipe: Recipe) -> Tried | None:
        """What the recipe made of the model for this chip; None where it was not tried, or refused."""
        return next((t for t in self.tried.get(chip, ()) if t.recipe == recipe and t.refusal is None), None)


def shape_of(config: ServingConfig) -> dict[str, float]:
    """The shape of a serving configuration, as a measurement's `config` has it."""
    return {name: float(getattr(config, name)) for name in SHAPE}


def of_release(release: Release, measured: Mapping[str, Iterable[Measurement]]) -> tuple[Measurement, ...]:
    """Of what was measured by artifact: this one on this chip in this shape, the newest first."""
    of = (release.placement.offer.chip.name, shape_of(release.config))
    found = [m for m in measured.get(release.artifact.digest, ()) if (m.chip, m.config) == of]
    return tuple(sorted(found, key=lambda m: m.at, reverse=True))


def of_requests(measurements: Iterable[Measurement], signature: Signature, extents: Mapping[str, int]) -> tuple[Measurement, ...]:
    """Those of requests of these usual sizes."""
    return tuple(m for m in measurements if holds_requests(m.extents, signature, extents))


def holds_requests(measured: Mapping[str, int], signature: Signature, extents: Mapping[str, int]) -> bool:
    """Whether requests with the `measured` sizes are of the usual ones: one item in each where nobody says otherwise.

    Where another size is not known, nobody can say so.
    """
    batch = signature.inputs[0].shape[0] if signature.batched else None
    axes = {axis for spec in signature.inputs for axis in spec.shape if isinstance(axis, str)}
    if not axes <= {batch, *extents}:
        return False
    return {axis: extents.get(axis, 1) for axis in axes}.items() <= measured.items()


_LEAST, _MOST = 1e-9, 1e12
"""Between these lies whatever can be measured, in seconds or a second."""


def _sensible(figure: Figure) -> bool:
    return 0 <= figure.low <= figure.value <= figure.high <= _MOST and figure.value >= _LEAST
