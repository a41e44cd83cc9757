"""A number with its provenance."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from infractl.units import format_bytes, format_duration, format_rate


class Basis(StrEnum):
    """How a figure came to be, best first."""

    measured = "measured"
    """This artifact on this hardware."""
    calibrated = "calibrated"
    """Computed from measurements of this hardware."""
    estimated = "estimated"
    """Computed from data sheets, or from a part of the model alone."""
    declared = "declared"
    """Stated, by a document that asks for it or by an offer of itself: compared with, never predicted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A value between `low` and `high`, in `unit` (an SI symbol: s, 1/s, B, B/s, FLOP/s), from `source`."""

    value: float
    unit: str
    low: float
    high: float
    basis: Basis
    source: str

    def scaled(self, factor: float, unit: str | None = None) -> Figure:
        """The same figure times `factor` (> 0), which keeps basis and source."""
        return Figure(
            value=self.value * factor,
            unit=unit or self.unit,
            low=self.low * factor,
            high=self.high * factor,
            basis=self.basis,
            source=self.source,
        )


def quantity_text(value: float, unit: str) -> str:
    """A value in a figure's unit as people read it: `3.2ms`, `2000/s`, `16GiB`."""
    match unit:
        case "s":
            return format_duration(value)
        case "1/s":
            return format_rate(value)
        case "B":
            return format_bytes(value)
        case _:
            return f"{value:g} {unit}"
