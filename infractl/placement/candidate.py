"""A shape on cores of known speed, as queues: computed, and corrected by what was measured of the model there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from infractl.domain.figure import Figure
from infractl.domain.measurement import SHAPE, Measurement
from infractl.domain.profile import ModelProfile
from infractl.domain.recipe import Recipe
from infractl.placement.correction import UNCORRECTED, Correction
from infractl.placement.device_memory import device_memory
from infractl.placement.memory import replica_memory
from infractl.placement.same import Same
from infractl.placement.server_time import ServerTime
from infractl.placement.service_time import End, ServiceTime
from infractl.placement.shape import Shape
from infractl.placement.speed import Speed
from infractl.placement.station import PERCENTILES, Station

LARGEST_MODELLED_BATCH = 128
"""The table's largest cap. A queue with a larger one is computed with this: it is seldom reached, and what is computed then is on
the safe side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What a recipe makes of a model, in one shape on cores of known speed, before anything is demanded of it.

    `accelerators` are how many chips beside the host's cores there are: each has a session for itself.
    `extents` are the usual sizes of the model's dimensions in one request. `measurements` are those of this model on this
    machine, the newest first, and `correction` is what follows from them for this shape.
    """

    profile: ModelProfile
    recipe: Recipe
    speed: Speed
    cores: int
    delay_s: float
    shape: Shape
    accelerators: int = 0
    extents: Mapping[str, int] = field(default_factory=dict)
    measurements: tuple[Measurement, ...] = ()
    correction: Correction = UNCORRECTED

    @property
    def config(self) -> Mapping[str, float]:
        """The shape as a measurement has it."""
        shape = self.shape
        return dict(zip(SHAPE, (float(shape.batch), self.delay_s, float(shape.instances), float(shape.threads)), strict=True))

    @property
    def items(self) -> int:
        """How many items one request holds."""
        return self.extents.get(self.profile.batch, 1) if self.profile.batch else 1

    @property
    def sharing(self) -> int:
        """How many sessions share the processor, or one accelerator, and its memory."""
        return max(1, self.shape.instances // (self.accelerators or 1))

    @property
    def memory_bytes(self) -> Figure:
        """Of an accelerator's own memory, that of one chip; else of the host's."""
        batch = max(self.shape.batch, self.items)
        if self.accelerators:
            return device_memory(self.profile, self.recipe.dtype, instances=self.sharing, batch=batch, extents=self.extents)
        return replica_memory(self.profile, instances=self.sharing, batch=batch, extents=self.extents)

    def station(self, end: End) -> Station:
        return self.correction.of(self._computed(end))

    def _computed(self, end: End) -> Station:
        machine = (self.cores, self.accelerators, self.sharing)
        usual = tuple(sorted(self.extents.items()))
        return _station(Same(self.profile), Same(self.speed), self.shape, machine, self.delay_s, usual, end)


@lru_cache(maxsize=8192)
def _station(
    profile: Any,
    speed: Any,
    shape: Shape,
    machine: tuple[int, int, int],
    delay_s: float,
    usual: tuple[tuple[str, int], ...],
    end: End,
) -> Station:
    """Of a machine with so many cores and accelerators, and sessions that share one; kept for the next service of the model."""
    model: ModelProfile = profile.value
    known: Speed = speed.value
    cores, accelerators, sharing = machine
    extents = dict(usual)
    items = extents.get(model.batch, 1) if model.batch else 1
    service_time = ServiceTime(profile=model, speed=known, instances=sharing, end=end, threads=shape.threads, extents=extents)
    server_time = ServerTime(profile=model, speed=known, end=end, extents=extents)
    # A request that holds more items than a batch may have goes alone.
    cap = min(max(1, shape.batch // items), LARGEST_MODELLED_BATCH)
    # A request waits the whole delay only where the queue is short; at best it waits none of it.
    waited_s = 0.0 if end is End.low else delay_s
    return Station(
        batch_s=service_time.table(cap, items),
        loop_s=tuple(server_time.loop_s(requests) for requests in range(1, cap + 1)),
        instances=shape.instances,
        threads=0 if accelerators else shape.threads,
        cores=cores,
        extra_s={percentile: server_time.alone_s(percentile) + waited_s for percentile in PERCENTILES},
    )
