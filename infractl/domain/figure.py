"""A number with its provenance."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Basis(StrEnum):
    """How a figure came to be, best first."""

    measured = "measured"
    """This artifact on this hardware."""
    calibrated = "calibrated"
    """Computed from measurements of this hardware."""
    estimated = "estimated"
    """Computed from data sheets."""


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
