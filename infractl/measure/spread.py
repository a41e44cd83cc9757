"""From repeated samples to a measured figure."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from infractl.domain.figure import Basis, Figure


def quantile(samples: Sequence[float], share: float) -> float:
    """The sample below which `share` of them are."""
    ordered = sorted(samples)
    return ordered[round(share * (len(ordered) - 1))]


def measured(samples: Sequence[float], unit: str, source: str) -> Figure:
    """The median between the quartiles: a repeat that other work on the machine disturbed does not count."""
    return Figure(
        value=median(samples),
        unit=unit,
        low=quantile(samples, 0.25),
        high=quantile(samples, 0.75),
        basis=Basis.measured,
        source=source,
    )
