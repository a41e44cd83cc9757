"""How long one instance takes for a batch: a roofline over the model's operators, with what one core was calibrated to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from infractl.domain.figure import Figure
from infractl.domain.measurement import Calibration
from infractl.domain.profile import ModelProfile

MODEL_ERROR = (0.7, 1.4)
"""The true time over the computed one, for multilayer perceptrons of many widths and batches."""

FLOOR_ERROR = 10.0
"""How far above a floor the truth is taken to be, where operators or axes are not costed: a guess, and shown as one."""


class End(Enum):
    """Which end of what is known: the fastest that is likely, the expected, the slowest."""

    low = "low"
    expected = "expected"
    high = "high"

    def of(self, figure: Figure) -> float:
        """A time at this end."""
        return {End.low: figure.low, End.expected: figure.value, End.high: figure.high}[self]

    def of_rate(self, figure: Figure) -> float:
        """A rate at this end: the slowest end has the lowest rate."""
        return {End.low: figure.high, End.expected: figure.value, End.high: figure.low}[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTime:
    """Seconds that one instance takes for a batch, at one end of what is known.

    `seconds(b) = error · (fixed_s + Σ max(flops(b) / flops_per_s, weights / bandwidth + activations(b) / cached bandwidth))`:
    the roofline of Williams, Waterman and Patterson, CACM 2009, operator by operator, plus what a call and its operators cost.
    """

    profile: ModelProfile
    calibration: Calibration
    instances: int
    end: End

    def seconds(self, batch: int) -> float:
        known, end = self.calibration, self.end
        fixed_s = end.of(known.call_s) + len(self.profile.operators) * end.of(known.operator_s)
        flops_per_s, cached = end.of_rate(known.flops_per_s), end.of_rate(known.cached_bandwidth_bytes_per_s)
        weights_per_s, sizes = self._weights_per_s, self.profile.sizes(batch)
        working_s = sum(
            max(
                operator.flops.at(sizes) / flops_per_s,
                operator.weight_bytes / weights_per_s + operator.activation_bytes.at(sizes) / cached,
            )
            for operator in self.profile.operators
        )
        return self._error * (fixed_s + working_s)

    def table(self, cap: int) -> tuple[float, ...]:
        """Seconds for 1 .. cap items."""
        return tuple(self.seconds(batch) for batch in range(1, cap + 1))

    @property
    def _weights_per_s(self) -> float:
        """Weights that fit into the cache stay there while a model is busy; at the slowest, other work has evicted them."""
        weights = self.profile.weight_bytes * self.instances
        if self.end is not End.high and weights <= self.calibration.cached_bytes:
            return self.end.of_rate(self.calibration.cached_bandwidth_bytes_per_s)
        return self.end.of_rate(self.calibration.bandwidth_bytes_per_s)

    @property
    def _error(self) -> float:
        low, high = MODEL_ERROR
        slowest = FLOOR_ERROR if gaps(self.profile) else high
        return {End.low: low, End.expected: 1.0, End.high: slowest}[self.end]


def gaps(profile: ModelProfile) -> tuple[str, ...]:
    """What the profile leaves open, in words: with any of these a computed time is a floor."""
    operators = [f"the cost of {operator} ({count} {'time' if count == 1 else 'times'})" for operator, count in profile.uncosted]
    axes = [f"the size of axis {axis}" for axis in profile.dimensions if axis != profile.batch]
    return (*operators, *axes)
