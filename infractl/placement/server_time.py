"""What the model server adds to the engine's time: alone, and per request while it is busy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod

from infractl.domain.profile import ModelProfile
from infractl.placement.same import Same
from infractl.placement.service_time import End
from infractl.placement.speed import Speed
from infractl.tensors import Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerTime:
    """One server loop, at one end of what is known: each call of the engine takes it a while, and each request in the call.

    `extents` are the usual sizes of the model's dimensions in one request; one that is not among them counts as 1.
    """

    profile: ModelProfile
    speed: Speed
    end: End
    extents: Mapping[str, int] = field(default_factory=dict)

    def alone_s(self, percentile: int) -> float:
        """What the server and the wire add to a request that meets no other: wake-ups give even that a tail."""
        known = self.speed.request_s
        if self.end is End.low:
            return known.low + self._values_s
        # What is known gives the median and the p99; what lies between is taken in proportion.
        tail = {50: 0.0, 95: 0.5, 99: 1.0}[percentile]
        return self.end.factor(self.speed.server_error) * (known.value + tail * (known.high - known.value)) + self._values_s

    def loop_s(self, requests: int) -> float:
        """The loop's own time for one call that joins so many requests.

        Two rates were measured, one request a call and `joined`: 1 / rate = request + call / requests joined.
        """
        known = self.speed
        single_s, joined_s = 1 / self.end.of_rate(known.requests_per_s), 1 / self.end.of_rate(known.joined_per_s)
        # By noise the two rates can lie closer or farther apart than any split of the one request's time explains.
        call_s = min(max(0.0, (single_s - joined_s) / (1 - 1 / known.joined)), single_s)
        return self.end.factor(self.speed.server_error) * (call_s + requests * (single_s - call_s + self._values_s))

    @property
    def _values_s(self) -> float:
        """For the numbers that a request and its answer hold beyond the few of the empty model's."""
        return self.end.of(self.speed.value_s) * _values(Same(self.profile), tuple(self.extents.items()))


@lru_cache(maxsize=256)
def _values(profile: Same, usual: tuple[tuple[str, int], ...]) -> int:
    """How many numbers one request and its answer hold."""
    signature: Signature = profile.value.signature
    extents = dict(usual)
    shapes = [tensor.shape for tensor in (*signature.inputs, *signature.outputs)]
    return sum(prod(axis if isinstance(axis, int) else extents.get(axis, 1) for axis in shape) for shape in shapes)
