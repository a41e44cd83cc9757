"""How far computed times are off, by what was measured of the same model on the same machine in any shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from infractl.domain.measurement import Measurement
from infractl.placement.service_time import MODEL_ERROR
from infractl.placement.station import PERCENTILES, Station


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """How many times as long as computed the engine and the server loop take, and beyond that a client waits, by percentile.

    `source` says what showed it; empty where nothing did.
    """

    engine: float = 1.0
    server: float = 1.0
    latency: Mapping[int, float] = field(default_factory=dict)
    source: str = ""

    def of(self, station: Station) -> Station:
        """The station as it is likely to be."""
        if not self.source:
            return station
        return replace(_slower(station, self.engine, self.server), latency_factor=self.latency)


UNCORRECTED = Correction()


def correction_by(measurement: Measurement, computed: Station) -> Correction:
    """From what was measured and what was `computed` for the same shape: it would have computed just that."""
    engine, server = _parts(measurement, computed)
    station = _slower(computed, engine, server)
    prefix, computed_s = "p", station.latency_s(measurement.rate_per_s) if measurement.rate_per_s else None
    if computed_s is None or not any(f"p{percentile}" in measurement.figures for percentile in PERCENTILES):
        # Where the queue would not settle, what one request at a time takes tells more.
        prefix, computed_s = "alone_p", station.latency_s(0.0)
    assert computed_s is not None, "an idle queue settles"
    latency: dict[int, float] = {}
    times = 1.0
    for percentile in PERCENTILES:
        # One that too few requests showed is taken to be off like the one before it.
        if figure := measurement.figures.get(f"{prefix}{percentile}"):
            times = _times(measurement, f"{prefix}{percentile}", figure.value, computed_s[percentile])
        latency[percentile] = times
    source = f"what was measured on {measurement.at:%Y-%m-%d}"
    return Correction(engine=engine, server=server, latency=latency, source=source)


def _parts(measurement: Measurement, computed: Station) -> tuple[float, float]:
    """The factors of engine and server loop with which the most answers a second come out as they were measured.

    The engine is off as far as one request alone shows; the rest is the fault of what is busiest then.
    """
    engine, server = _engine_alone(measurement, computed), 1.0
    saturation = measurement.figures.get("saturation")
    if not saturation:
        return engine, server
    station = _slower(computed, engine, server)
    times = _times(measurement, "saturation", 1 / saturation.value, 1 / station.rate_at(1.0))
    busiest = max(station.engine_s, station.server_s, station.core_s)
    if busiest == station.engine_s:
        engine *= times
    elif busiest == station.server_s:
        server *= times
    # What was not the busiest may be it now, or both share the cores: then they are off alike.
    both = times * _slower(computed, engine, server).rate_at(1.0) / station.rate_at(1.0)
    return both * engine, both * server


def _engine_alone(measurement: Measurement, computed: Station) -> float:
    """1 where the latency of one request alone leaves room for the engine's computed time; else as much as it does leave.

    It can be all of that latency, and is at least what the server can hardly have taken.
    """
    alone = measurement.figures.get("alone_p50")
    if not alone:
        return 1.0
    engine_s, outside_s = computed.batch_s[0], MODEL_ERROR[1] * computed.extra_s[50]
    least = 0.0 if "alone_p50" in measurement.bounds else max(0.0, alone.value - outside_s) / engine_s
    return min(max(1.0, least), alone.value / engine_s)


def _times(measurement: Measurement, name: str, measured_s: float, computed_s: float) -> float:
    """A figure that is but a bound shows that it takes no longer, and not that it takes longer."""
    times = measured_s / computed_s
    return min(1.0, times) if name in measurement.bounds else times


def _slower(station: Station, engine: float, server: float) -> Station:
    return replace(
        station,
        batch_s=tuple(engine * seconds for seconds in station.batch_s),
        loop_s=tuple(server * seconds for seconds in station.loop_s),
    )
