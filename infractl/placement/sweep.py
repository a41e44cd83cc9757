"""Every shape of a chip that has a data sheet, at once: what each needs of replicas, by the table of batching queues.

A shape is looked at by itself, with the chain, only where this finds that it may win. See `search`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from infractl.domain.offer import Offer
from infractl.domain.profile import ModelProfile
from infractl.placement.batch_table import CLOSE_SHARE
from infractl.placement.candidate import LARGEST_MODELLED_BATCH
from infractl.placement.memory import replica_memory
from infractl.placement.same import Same
from infractl.placement.server_time import ServerTime
from infractl.placement.service_time import End, ServiceTime
from infractl.placement.shape import Shape
from infractl.placement.speed import Speed
from infractl.placement.station import DERATING, PERCENTILES, PLANNED_SHARE
from infractl.placement.station_table import Stations

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

TABLE_ERROR = 0.12
"""By how much the table may be off where its lines are close: 3.5 times their misfit of 3%, and its own 1.4%."""

FULL_ERROR = 0.02
"""By how much full batches may be off, whose time is interpolated between others here."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sweep:
    """One row a shape, in the order of `shapes`, which is the simplest first.

    `alone_s` is by end, shape and PERCENTILES what a request takes that meets no other; `slow` are the stations at the slow end.
    `full_per_s` is by end the rate at which each is busy all the time, `memory_bytes` what a replica takes at the most.
    """

    shapes: Sequence[Shape]
    alone_s: Mapping[End, Array]
    full_per_s: Mapping[End, Array]
    slow: Stations
    memory_bytes: Array

    @classmethod
    def joined(cls, several: Sequence[Sweep]) -> Sweep:
        """All of them in one, to be looked at together."""
        import numpy as np

        return cls(
            shapes=[shape for each in several for shape in each.shapes],
            alone_s={end: np.concatenate([each.alone_s[end] for each in several]) for end in End},
            full_per_s={end: np.concatenate([each.full_per_s[end] for each in several]) for end in End},
            slow=Stations.joined([each.slow for each in several]),
            memory_bytes=np.concatenate([each.memory_bytes for each in several]),
        )

    @classmethod
    def together(cls, several: Sequence[Sweep]) -> Sweep:
        """The same, kept for the next service of the model."""
        return _joined(tuple(map(Same, several)))

    def keeps_alone(self, end: End, limits_s: Mapping[int, float]) -> Array:
        """Of which shapes a request that meets no other keeps every limit."""
        import numpy as np

        limits = np.array([limits_s.get(percentile, np.inf) for percentile in PERCENTILES])
        found: Array = np.asarray((self.alone_s[end] <= limits).all(axis=1))
        return found

    def capacity_per_s(self, limits_s: Mapping[int, float], rate_per_s: float) -> tuple[Array, Array]:
        """The rate to plan one replica for: no less than it may be, and as the table has it; 0 where a limit is missed alone.

        One that carries its share at the busiest that is planned for is not looked at any closer.
        """
        import numpy as np

        planned = PLANNED_SHARE * self.full_per_s[End.high]
        possible = np.where(self.keeps_alone(End.high, limits_s), planned, 0.0)
        if not limits_s:
            return possible, possible
        count = np.maximum(1.0, np.ceil(rate_per_s / np.maximum(planned, 1e-300) - 1e-9))
        limits = np.array([limits_s.get(percentile, np.inf) for percentile in PERCENTILES])
        at_once = (self.slow.latency_s(rate_per_s / count / DERATING) <= limits).all(axis=1)
        closer = np.flatnonzero(~at_once & (possible > 0))
        likely = possible.copy()
        if len(closer):
            likely[closer] = np.minimum(self.slow.rows(closer).capacity_per_s(limits_s), possible[closer])
        is_close = self.slow.misfit_share <= CLOSE_SHARE
        most = np.where(is_close, np.minimum(possible, (1 + TABLE_ERROR) * likely), possible)
        return (1 + FULL_ERROR) * most, likely


@lru_cache(maxsize=32)
def _joined(several: tuple[Same, ...]) -> Sweep:
    return Sweep.joined([each.value for each in several])


def sweep(profile: ModelProfile, offer: Offer, speed: Speed, shapes: Sequence[Shape], extents: Mapping[str, int]) -> Sweep:
    """Of a speed by a data sheet; the delay of batches, which is declared, is not in it."""
    usual = tuple(sorted(extents.items()))
    machine = (offer.chip.cores, offer.count, offer.host_cores)
    return _sweep(Same(profile), Same(speed), machine, Same(shapes), usual)


@lru_cache(maxsize=4096)
def _sweep(profile: Any, speed: Any, machine: tuple[int, int, int], cuts: Same, usual: tuple[tuple[str, int], ...]) -> Sweep:
    import numpy as np

    model: ModelProfile = profile.value
    known: Speed = speed.value
    shapes: Sequence[Shape] = cuts.value
    extents = dict(usual)
    items = extents.get(model.batch, 1) if model.batch else 1
    chip_cores, count, host_cores = machine
    caps = np.array([min(max(1, shape.batch // items), LARGEST_MODELLED_BATCH) for shape in shapes])
    threads = np.array([shape.threads for shape in shapes], float)
    instances = np.array([shape.instances for shape in shapes], float)
    seconds = _seconds(model, known, chip_cores, int(caps.max()), items, extents, threads)
    fixed, item, misfit = _lines(seconds, caps)
    full_s = seconds[np.arange(len(shapes)), caps - 1]
    loops = {end: ServerTime(profile=model, speed=known, end=end, extents=extents) for end in End}
    # A call takes so long, and each request in it: two numbers of requests tell all others.
    loop_s = {end: _straight(loops[end].loop_s(1), loops[end].loop_s(2), int(caps.max())) for end in End}
    extra_s = {end: np.array([loops[end].alone_s(p) for p in PERCENTILES]) for end in End}
    cores = max(1, chip_cores * count or host_cores)
    busy_threads = threads if chip_cores else np.zeros_like(threads)
    alone, full = {}, {}
    for end in End:
        factor = end.factor(known.engine_error)
        engine = factor * full_s / caps / instances
        server = loop_s[end][caps - 1] / caps
        full[end] = 1 / np.maximum(np.maximum(engine, server), (busy_threads * instances * engine + server) / cores)
        alone[end] = factor * seconds[:, :1] + extra_s[end][None, :]
    slow = End.high.factor(known.engine_error)
    first = loop_s[End.high][0]
    loop_item = (loop_s[End.high][-1] - first) / max(1, len(loop_s[End.high]) - 1)
    return Sweep(
        shapes=shapes,
        alone_s=alone,
        full_per_s=full,
        slow=Stations(
            engine=np.stack([slow * fixed, slow * item, caps.astype(float)], axis=1),
            loop=np.stack([np.full(len(caps), first - loop_item), np.full(len(caps), loop_item), caps.astype(float)], axis=1),
            instances=instances,
            extra_s=np.broadcast_to(extra_s[End.high] - first, (len(caps), len(PERCENTILES))),
            busy_s=1 / full[End.high],
            misfit_share=misfit,
        ),
        memory_bytes=_memory(model, shapes, 1 if chip_cores else count, items, extents),
    )


def _memory(model: ModelProfile, shapes: Sequence[Shape], chips: int, items: int, extents: Mapping[str, int]) -> Array:
    import numpy as np

    usual = tuple(sorted(extents.items()))
    cuts = [(max(1, shape.instances // chips), max(shape.batch, items)) for shape in shapes]
    most = {cut: _memory_bytes(Same(model), *cut, usual) for cut in dict.fromkeys(cuts)}
    return np.array([most[cut] for cut in cuts])


@lru_cache(maxsize=4096)
def _memory_bytes(model: Any, instances: int, batch: int, usual: tuple[tuple[str, int], ...]) -> float:
    return replica_memory(model.value, instances=instances, batch=batch, extents=dict(usual)).high


def _seconds(
    model: ModelProfile, speed: Speed, cores: int, most: int, items: int, extents: Mapping[str, int], threads: Array
) -> Array:
    """Expected seconds by shape, for 1 .. most requests.

    What a share of a processor takes is linear in the inverse of the share, so that two numbers of threads tell all others.
    """
    import numpy as np

    def on(count: int) -> Array:
        service_time = ServiceTime(profile=model, speed=speed, instances=1, end=End.expected, threads=count, extents=extents)
        return np.array(service_time.table(most, items))

    if cores <= 1:
        return np.broadcast_to(on(1), (len(threads), most))
    one, all_of_them = on(1), on(cores)
    part = (1 / threads - 1 / cores) / (1 - 1 / cores)
    found: Array = all_of_them + part[:, None] * (one - all_of_them)
    return found


def _straight(first: float, second: float, most: int) -> Array:
    import numpy as np

    found: Array = first + (second - first) * np.arange(most)
    return found


def _lines(seconds: Array, caps: Array) -> tuple[Array, Array, Array]:
    """Fixed and per item, through one request and the full batch; and how far each line is from its batches, as a share."""
    import numpy as np

    rows = np.arange(len(caps))
    first, full = seconds[:, 0], seconds[rows, caps - 1]
    item = np.where(caps > 1, (full - first) / np.maximum(caps - 1, 1), 0.0)
    item = np.minimum(item, first)
    fixed = first - item
    counts = np.arange(1, seconds.shape[1] + 1)
    off = np.abs((fixed[:, None] + item[:, None] * counts) / seconds - 1)
    misfit = np.where(counts[None, :] <= caps[:, None], off, 0.0).max(axis=1)
    return fixed, item, misfit
