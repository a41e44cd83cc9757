"""What was measured of a model in one shape, at what is demanded of it: it counts for more than anything computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from infractl.domain.chip import Chip
from infractl.domain.figure import Figure
from infractl.domain.measurement import Measurement, Measurements
from infractl.domain.profile import ModelProfile
from infractl.domain.recipe import AS_GIVEN, Recipe
from infractl.placement.candidate import Candidate
from infractl.placement.correction import UNCORRECTED, Correction, correction_by
from infractl.placement.demand import Demand
from infractl.placement.service_time import End
from infractl.placement.shape import Shape
from infractl.placement.station import PERCENTILES, PLANNED_SHARE

_SAME_RATE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Figures of exactly this shape at exactly this demand; what was not measured is not there.

    `limits_exceeded` are the percentiles that surely took longer than their limits, `falls_short` says that the capacity is
    surely less than the rate. `used` are the measurements.
    """

    latency_s: Mapping[int, Figure]
    capacity_per_s: Figure | None
    limits_exceeded: tuple[int, ...]
    falls_short: bool
    used: tuple[Measurement, ...]

    def keeps(self, demand: Demand) -> bool | None:
        """Whether the demand is kept; None where what was measured does not say."""
        if self.limits_exceeded or self.falls_short:
            return False
        known = all(percentile in self.latency_s for percentile in demand.limits_s)
        return True if known and (demand.limits_s or self.capacity_per_s) else None


def seen(candidate: Candidate, demand: Demand) -> Seen:
    same = [m for m in candidate.measurements if m.config == candidate.config and _same_requests(m, candidate)]
    timed = next((m for m in same if _at_rate(m, demand) and any(_latencies(m, demand))), None)
    loaded = next((m for m in same if _capacity(m, demand)), None)
    prefix, name = _prefix(demand), _capacity_name(demand)
    return Seen(
        latency_s=dict(_latencies(timed, demand)) if timed else {},
        capacity_per_s=_capacity(loaded, demand) if loaded else None,
        limits_exceeded=tuple(p for p, limit_s in demand.limits_s.items() if timed and timed.exceeds(f"{prefix}{p}", limit_s)),
        falls_short=loaded is not None and loaded.falls_short(name, demand.rate_per_s / _planned(demand)),
        used=tuple(m for m in (timed, None if loaded is timed else loaded) if m),
    )


def of_model(profile: ModelProfile, chip: Chip, recipe: Recipe, known: Measurements) -> tuple[Measurement, ...]:
    """What was measured of the model on this machine, the newest first.

    What another recipe than the first makes has a digest of its own, which is known once it is built.
    """
    if recipe != AS_GIVEN:
        return ()
    calibration = known.calibrations.get(chip.name)
    machine = calibration.machine if calibration else {}
    of = (profile.digest, chip.name, machine)
    found = [m for m in known.measurements if (m.artifact, m.chip, m.machine) == of]
    return tuple(sorted(found, key=lambda m: m.at, reverse=True))


def corrected(candidate: Candidate) -> Candidate:
    """With the correction by what was measured in the same shape, else by the newest measurement of any shape."""
    newest = [m for m in candidate.measurements if m.config == candidate.config] or candidate.measurements
    found = next((correction for m in newest if (correction := _correction(m, candidate))), UNCORRECTED)
    return replace(candidate, correction=found)


def _correction(measurement: Measurement, candidate: Candidate) -> Correction | None:
    """None where it does not say how large its requests were."""
    if not set(candidate.profile.dimensions) <= set(measurement.extents):
        return None
    config = measurement.config
    shape = Shape(instances=int(config["instances"]), batch=int(config["max_batch"]), threads=int(config["threads"]))
    same = replace(candidate, shape=shape, delay_s=config["max_delay_s"], extents=measurement.extents, correction=UNCORRECTED)
    return correction_by(measurement, same.station(End.expected))


def _same_requests(measurement: Measurement, candidate: Candidate) -> bool:
    return all(measurement.extents.get(d) == candidate.extents.get(d, 1) for d in candidate.profile.dimensions)


def _at_rate(measurement: Measurement, demand: Demand) -> bool:
    return not demand.rate_per_s or abs(measurement.rate_per_s / demand.rate_per_s - 1) <= _SAME_RATE


def _prefix(demand: Demand) -> str:
    return "p" if demand.rate_per_s else "alone_p"


def _latencies(measurement: Measurement, demand: Demand) -> Iterator[tuple[int, Figure]]:
    for percentile in PERCENTILES:
        if figure := measurement.figures.get(f"{_prefix(demand)}{percentile}"):
            yield percentile, figure


def _capacity_name(demand: Demand) -> str:
    return "capacity" if demand.limits_s else "saturation"


def _planned(demand: Demand) -> float:
    """What part of the measured rate may be planned for: a queue without limits is not to be run at its end."""
    return 1.0 if demand.limits_s else PLANNED_SHARE


def _capacity(measurement: Measurement, demand: Demand) -> Figure | None:
    if demand.limits_s and measurement.limits_s != demand.limits_s:
        return None
    figure = measurement.figures.get(_capacity_name(demand))
    return figure.scaled(_planned(demand)) if figure else None
