"""A logarithmic axis of a picture, with its ticks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogScale:
    """From values on a logarithmic axis, whose ends they must lie between, to pixels."""

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def over(cls, values: Sequence[float], start: float, end: float) -> LogScale:
        return cls(low=min(values) / 1.2, high=max(values) * 1.2, start=start, end=end)

    def at(self, value: float) -> float:
        part = (math.log(value) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))
        return round(self.start + part * (self.end - self.start), 1)

    def ticks(self) -> Iterator[float]:
        """1, 2 and 5 times each power of ten."""
        for power in range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1):
            yield from (step * 10.0**power for step in _STEPS if self.low <= step * 10.0**power <= self.high)
