"""What was measured of a model in one shape, at what is demanded of it: it counts for more than anything computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from infractl.domain.chip import Chip
from infractl.domain.figure import Figure
from infractl.domain.measurement import Measurement, Measurements, of_requests
from infractl.domain.profile import ModelProfile
from infractl.domain.recipe import AS_GIVEN, Recipe
from infractl.domain.verdict import Verdict, latency_verdict, rate_verdict, same_rate
from infractl.placement.candidate import Candidate
from infractl.placement.correction import UNCORRECTED, Correction, correction_by
from infractl.placement.demand import Demand
from infractl.placement.service_time import End
from infractl.placement.shape import Shape
from infractl.placement.station import PERCENTILES


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Figures of exactly this shape, for requests of this size, at exactly this demand; what was not measured is not there.

    `limits` are the verdicts on the latency limits, `rate` the one on the rate.
    """

    latency_s: Mapping[int, Figure]
    capacity_per_s: Figure | None
    limits: Mapping[int, Verdict]
    rate: Verdict | None
    measurements: tuple[Measurement, ...]

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        return (*self.limits.values(), *([self.rate] if self.rate else []))

    @property
    def used(self) -> tuple[Measurement, ...]:
        """The measurements that the verdicts rest on; where there is none, the newest that has a figure."""
        by = [verdict.measurement for verdict in self.verdicts]
        if not by and (self.latency_s or self.capacity_per_s):
            by = list(self.measurements[:1])
        return tuple(m for number, m in enumerate(by) if all(m is not other for other in by[:number]))

    def keeps(self, demand: Demand) -> bool | None:
        """Whether the demand is kept; None where what was measured does not say."""
        if any(not verdict.kept for verdict in self.verdicts):
            return False
        if demand.limits_s:
            return True if self.limits.keys() == demand.limits_s.keys() else None
        return True if self.rate else None


def seen(candidate: Candidate, demand: Demand) -> Seen:
    of_shape = [m for m in candidate.measurements if m.config == candidate.config]
    same = of_requests(of_shape, candidate.profile.signature, candidate.extents)
    limits = {
        percentile: verdict
        for percentile, limit_s in demand.limits_s.items()
        if (verdict := latency_verdict(same, percentile, limit_s, demand.rate_per_s))
    }
    # Where all limits were kept at the rate, it was carried; a search for more may fail below it by chance.
    carried = bool(limits) and limits.keys() == demand.limits_s.keys() and all(verdict.kept for verdict in limits.values())
    if demand.arrivals.ca2 > 1:
        # A load of steady arrivals shows what cannot be kept, and nothing of what bursts would make of it.
        missed = {percentile: verdict for percentile, verdict in limits.items() if not verdict.kept}
        rate = None if not demand.rate_per_s or missed else rate_verdict(same, demand.limits_s, demand.rate_per_s)
        return Seen(
            latency_s={}, capacity_per_s=None, limits=missed, rate=None if rate and rate.kept else rate, measurements=same
        )
    return Seen(
        latency_s={p: figure for p in PERCENTILES if (figure := _latency(same, p, demand.rate_per_s))},
        capacity_per_s=_capacity(same, demand),
        limits=limits,
        rate=None if carried or not demand.rate_per_s else rate_verdict(same, demand.limits_s, demand.rate_per_s),
        measurements=same,
    )


def of_model(profile: ModelProfile, chip: Chip, recipe: Recipe, known: Measurements) -> tuple[Measurement, ...]:
    """What was measured on this machine of what the recipe makes of the model, the newest first."""
    calibration = known.calibrations.get(chip.name)
    of = (artifact_digest(profile, chip, recipe, known), chip.name, calibration.machine if calibration else {})
    found = [m for m in known.measurements if (m.artifact, m.chip, m.machine) == of]
    return tuple(sorted(found, key=lambda m: m.at, reverse=True))


def artifact_digest(profile: ModelProfile, chip: Chip, recipe: Recipe, known: Measurements) -> str | None:
    """Of the file that is served; None where the recipe was not built for the chip."""
    if recipe == AS_GIVEN:
        return profile.digest
    made = known.made(chip.name, recipe)
    return made.artifact.digest if made and made.artifact else None


def _latency(measurements: tuple[Measurement, ...], percentile: int, rate_per_s: float) -> Figure | None:
    """The newest at this very rate."""
    name = f"p{percentile}" if rate_per_s else f"alone_p{percentile}"
    of_rate = (m for m in measurements if not rate_per_s or same_rate(m.rate_per_s, rate_per_s))
    return next((m.figures[name] for m in of_rate if name in m.figures), None)


def _capacity(measurements: tuple[Measurement, ...], demand: Demand) -> Figure | None:
    name = "capacity" if demand.limits_s else "saturation"
    of_limits = (m for m in measurements if not demand.limits_s or m.limits_s == demand.limits_s)
    return next((m.figures[name] for m in of_limits if name in m.figures), None)


def corrections(candidate: Candidate) -> Mapping[frozenset[tuple[str, float]], Correction]:
    """By the shape that was measured, what corrects the computed times of this model; that of the newest measurement first."""
    found: dict[frozenset[tuple[str, float]], Correction] = {}
    for measurement in candidate.measurements:
        key = frozenset(measurement.config.items())
        # Without the sizes of its requests nothing can be computed for it.
        if key in found or not set(candidate.profile.dimensions) <= measurement.extents.keys():
            continue
        if correction := _correction(measurement, candidate):
            found[key] = correction
    return found


def _correction(measurement: Measurement, candidate: Candidate) -> Correction | None:
    config = measurement.config
    shape = Shape(instances=int(config["instances"]), batch=int(config["max_batch"]), threads=int(config["threads"]))
    same = replace(candidate, shape=shape, delay_s=config["max_delay_s"], extents=measurement.extents, correction=UNCORRECTED)
    return correction_by(measurement, same.station(End.expected), same.delay_s)
