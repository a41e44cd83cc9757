"""What was measured of a model on one chip, carried over to others of its sort that it was not measured on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from infractl.domain.figure import Basis
from infractl.domain.hardware_class import HardwareClass
from infractl.placement.candidate import Candidate
from infractl.placement.measured import corrections
from infractl.placement.same import Same
from infractl.placement.speed import Speed

WIDENED = 1.25
"""How much farther the ends are apart for it: what a model is off by on one chip it need not be on another. Estimated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """How many times as long as computed the model took, and what showed it."""

    engine: float
    source: str


def carried(measured: Iterable[Candidate], sorts: Iterable[HardwareClass]) -> Mapping[HardwareClass, Carried]:
    """By the sort of chip, of candidates on chips that the model was measured on; the newest counts."""
    newest: dict[HardwareClass, tuple[object, Carried]] = {}
    for candidate, sort in zip(measured, sorts, strict=True):
        correction = next(iter(corrections(candidate).values()), None)
        if correction is None:
            continue
        latest = candidate.measurements[0]
        source = f"scaled by {correction.source} on {latest.chip}"
        if sort not in newest or newest[sort][0] < latest.at:  # type: ignore[operator]
            newest[sort] = (latest.at, Carried(engine=correction.engine, source=source))
    return {sort: each for sort, (_, each) in newest.items()}


def scaled(speed: Speed, by: Carried | None) -> Speed:
    """The speed of a chip that the model was not measured on. One that is calibrated needs none of it."""
    return _scaled(Same(speed), by) if by is not None and speed.sheet is not None else speed


@lru_cache(maxsize=1024)
def _scaled(of: Same, by: Carried) -> Speed:
    speed: Speed = of.value
    low, high = speed.engine_error
    return replace(
        speed,
        scale=by.engine,
        engine_error=(low / WIDENED, high * WIDENED),
        basis=Basis.calibrated,
        source=f"{speed.source}; {by.source}",
    )
