"""Many stations at once, by the table of batching queues instead of the chain: to find those that are worth the chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

from infractl.placement.batch_table import PERCENTILES, Affine, Queues, affine
from infractl.placement.queueing import NUMERIC_LIMIT
from infractl.placement.station import DERATING, PLANNED_SHARE, Station

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Vector = NDArray[np.float64]

_STEPS = 13


@dataclass(frozen=True, kw_only=True)
class Stations:
    """`Station`s side by side: one row each. `engine` and `loop` hold (fixed_s, item_s, cap) in their columns.

    `misfit_share` is how far the worse of the two lines is from its table of batches: see `batch_table.Affine`.
    """

    engine: Vector
    loop: Vector
    instances: Vector
    extra_s: Vector
    busy_s: Vector
    misfit_share: Vector

    @classmethod
    def of(cls, stations: Sequence[Station]) -> Stations:
        import numpy as np

        lines = [(affine(station.batch_s), affine(station.loop_s)) for station in stations]
        caps = [(len(station.batch_s), len(station.loop_s)) for station in stations]
        return cls(
            engine=np.array([_row(engine, cap) for (engine, _), (cap, _) in zip(lines, caps, strict=True)]),
            loop=np.array([_row(loop, cap) for (_, loop), (_, cap) in zip(lines, caps, strict=True)]),
            instances=np.array([station.instances for station in stations], dtype=float),
            extra_s=np.array([[s.extra_s[p] - s.loop_s[0] for p in PERCENTILES] for s in stations]),
            busy_s=np.array([1 / station.rate_at(1.0) for station in stations]),
            misfit_share=np.array([max(engine.misfit_share, loop.misfit_share) for engine, loop in lines]),
        )

    def rows(self, chosen: NDArray[Any]) -> Stations:
        """Some of them, by their numbers."""
        parts = {field.name: getattr(self, field.name)[chosen] for field in fields(self)}
        return Stations(**parts)

    @classmethod
    def joined(cls, several: Sequence[Stations]) -> Stations:
        """All of them in one."""
        import numpy as np

        return cls(**{field.name: np.concatenate([getattr(each, field.name) for each in several]) for field in fields(cls)})

    def latency_s(self, rate_per_s: ArrayLike) -> Vector:
        """Latency by station and PERCENTILES, infinite where the queue does not settle; the parts are added as `Station` does."""
        import numpy as np

        rate = np.broadcast_to(np.asarray(rate_per_s, dtype=float), self.instances.shape)
        loop, engine = self._queues
        settles = rate * self.busy_s <= NUMERIC_LIMIT * (1 + 1e-9)
        latency_s = self.extra_s + loop.latency_s(rate) + engine.latency_s(rate / self.instances)
        result: Vector = np.where(settles[:, None], latency_s, np.inf)
        return result

    @cached_property
    def _queues(self) -> tuple[Queues, Queues]:
        """The loops and the engines in the table of queues: where they lie there is kept from one service to the next."""
        return Queues.of(*self.loop.T), Queues.of(*self.engine.T)

    def capacity_per_s(self, limits_s: Mapping[int, float]) -> Vector:
        """The largest rate to plan for, by station, as `Station.capacity_per_s` has it; 0 for none."""
        import numpy as np

        planned = PLANNED_SHARE / self.busy_s
        if not limits_s:
            return np.minimum(DERATING / self.busy_s, planned)
        limits = np.array([limits_s.get(percentile, np.inf) for percentile in PERCENTILES])

        def holds(rate: Vector) -> NDArray[np.bool_]:
            return np.asarray((self.latency_s(rate) <= limits).all(axis=1))

        if holds(planned / DERATING).all():
            return planned
        low, high = np.zeros(len(planned)), NUMERIC_LIMIT / self.busy_s
        idle, full, most = holds(low), holds(high), high
        for _ in range(_STEPS):
            middle = (low + high) / 2
            kept = holds(middle)
            low, high = np.where(kept, middle, low), np.where(kept, high, middle)
        largest = np.where(full, most, np.where(idle, low, 0.0))
        return np.minimum(DERATING * largest, planned)


def _row(line: Affine, cap: int) -> tuple[float, float, float]:
    return (line.fixed_s, line.item_s, float(cap))
