"""How long one instance takes for a batch: a roofline over the model's operators, with what one core is known to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from operator import add

from infractl.domain.figure import Figure
from infractl.domain.profile import ModelProfile
from infractl.placement.speed import Speed

MODEL_ERROR = (0.7, 1.4)
"""The true time over the computed one, for multilayer perceptrons of many widths and batches, and for the server loop."""


class End(Enum):
    """Which end of what is known: the fastest that is likely, the expected, the slowest."""

    low = "low"
    expected = "expected"
    high = "high"

    @property
    def model_error(self) -> float:
        """The factor on a computed time."""
        return {End.low: MODEL_ERROR[0], End.expected: 1.0, End.high: MODEL_ERROR[1]}[self]

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
    Weights that do not fit into the cache are not read while the engine multiplies: the two are added then, as was measured.
    """

    profile: ModelProfile
    speed: Speed
    instances: int
    end: End
    threads: int = 1
    extents: Mapping[str, int] = field(default_factory=dict)
    """Usual sizes of the dimensions in one request, those of `spec.traffic.shapes`; what it says of the batch is not used."""

    def seconds(self, batch: int) -> float:
        known, end = self.speed, self.end
        fixed_s = end.of(known.call_s) + len(self.profile.run.operators) * end.of(known.operator_s)
        flops_per_s, cached = end.of_rate(known.flops_per_s), end.of_rate(known.cached_bandwidth_bytes_per_s)
        weights_per_s, sizes = self._weights_per_s, self.profile.sizes(batch, self.extents)
        together: Callable[[float, float], float] = max if self._cached else add
        working_s = sum(
            together(
                operator.flops.at(sizes) / flops_per_s,
                operator.weight_bytes / weights_per_s + operator.activation_bytes.at(sizes) / cached,
            )
            for operator in self.profile.run.operators
        )
        return end.model_error * (fixed_s + working_s)

    def table(self, cap: int) -> tuple[float, ...]:
        """Seconds for 1 .. cap items."""
        return tuple(self.seconds(batch) for batch in range(1, cap + 1))

    @property
    def _cached(self) -> bool:
        """Whether the weights of all instances stay in the cache. At the fastest, they do whatever their size."""
        return self.end is End.low or self.profile.weights_bytes * self.instances <= self.speed.cached_bytes

    @property
    def _weights_per_s(self) -> float:
        """At the slowest, other work has evicted the weights between two calls."""
        known = self.speed
        in_cache = self._cached and self.end is not End.high
        return self.end.of_rate(known.cached_bandwidth_bytes_per_s if in_cache else known.bandwidth_bytes_per_s)


def gaps(profile: ModelProfile, extents: Mapping[str, int] | None = None) -> tuple[str, ...]:
    """What the profile and the usual `extents` leave open, in words: with any of these a computed time is a floor."""
    operators = [
        f"the cost of {operator} ({count} {'time' if count == 1 else 'times'})" for operator, count in profile.run.uncosted
    ]
    axes = [f"the size of axis {axis}" for axis in profile.dimensions if axis not in {profile.batch, *(extents or {})}]
    return (*operators, *axes)
