"""How far computed times are off, by what was measured of the same model on the same machine in any shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from infractl.domain.measurement import Measurement
from infractl.placement.speed import MODEL_ERROR
from infractl.placement.station import PERCENTILES, Station


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """How many times as long as computed the engine and the server loop take, and the seconds that one request takes besides.

    What a load made of a shape, beyond that, is that shape's own and corrects no other. `source` says what showed it; empty
    where nothing did.
    """

    engine: float = 1.0
    server: float = 1.0
    outside_s: Mapping[int, float] = field(default_factory=dict)
    source: str = ""

    def of(self, station: Station) -> Station:
        """The station as it is likely to be."""
        if not self.source:
            return station
        off_s = {p: seconds + self.outside_s.get(p, 0.0) for p, seconds in station.extra_s.items()}
        # A higher percentile is no shorter than a lower one.
        extra_s = {p: max(0.0, *(seconds for lower, seconds in off_s.items() if lower <= p)) for p in off_s}
        return replace(_slower(station, self.engine, self.server), extra_s=extra_s)


UNCORRECTED = Correction()


def correction_by(measurement: Measurement, computed: Station, delay_s: float = 0.0) -> Correction | None:
    """With which what was `computed` for the measured shape, whose batches wait `delay_s`, would have been what was measured.

    None where neither one request at a time nor the most answers a second were measured.
    """
    if not {"alone_p50", "saturation"} & measurement.figures.keys():
        return None
    engine, server = _parts(measurement, computed, delay_s)
    expected_s = _slower(computed, engine, server).latency_s(0.0)
    assert expected_s is not None, "an idle queue settles"
    outside_s: dict[int, float] = {}
    last_s = 0.0
    for percentile in PERCENTILES:
        # One that too few requests showed is taken to be off like the one before it.
        if figure := measurement.figures.get(name := f"alone_p{percentile}"):
            off_s = figure.value - expected_s[percentile]
            last_s = min(0.0, off_s) if measurement.is_bound(name) else off_s
        outside_s[percentile] = last_s
    source = f"what was measured on {measurement.at:%Y-%m-%d}"
    return Correction(engine=engine, server=server, outside_s=outside_s, source=source)


def _parts(measurement: Measurement, computed: Station, delay_s: float) -> tuple[float, float]:
    """The factors of engine and server loop with which the most answers a second come out as they were measured.

    The engine is off as far as one request alone shows; the rest is the fault of what is busiest then.
    """
    engine, server = _engine_alone(measurement, computed, delay_s), 1.0
    saturation = measurement.figures.get("saturation")
    if not saturation:
        return engine, server
    station = _slower(computed, engine, server)
    times = station.rate_at(1.0) / saturation.value
    if measurement.is_bound("saturation"):
        # It may well answer more: that shows that it is not slower, and not that it is.
        times = min(1.0, times)
    busiest = max(station.engine_s, station.server_s, station.core_s)
    if busiest == station.engine_s:
        engine *= times
    elif busiest == station.server_s:
        server *= times
    # What was not the busiest may be it now, or both share the cores: then they are off alike.
    both = times * _slower(computed, engine, server).rate_at(1.0) / station.rate_at(1.0)
    return both * engine, both * server


def _engine_alone(measurement: Measurement, computed: Station, delay_s: float) -> float:
    """1 where the latency of one request alone leaves room for the engine's computed time; else as much as it does leave.

    It can be all of that latency, and is at least what neither the delay nor the server can have taken.
    """
    alone = measurement.figures.get("alone_p50")
    if not alone:
        return 1.0
    engine_s, served_s = computed.batch_s[0], max(0.0, alone.value - delay_s)
    outside_s = MODEL_ERROR[1] * max(0.0, computed.extra_s[50] - delay_s)
    least = 0.0 if measurement.is_bound("alone_p50") else max(0.0, served_s - outside_s) / engine_s
    return min(max(1.0, least), alone.value / engine_s)


def _slower(station: Station, engine: float, server: float) -> Station:
    return replace(
        station,
        batch_s=tuple(engine * seconds for seconds in station.batch_s),
        loop_s=tuple(server * seconds for seconds in station.loop_s),
    )
