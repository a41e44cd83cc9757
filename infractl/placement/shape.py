"""How a replica may be cut: sessions, their threads, and the batch cap. The simplest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil

from infractl.domain.offer import Offer
from infractl.domain.placement import Placement
from infractl.domain.profile import ModelProfile
from infractl.spec.section.serving import Batching
from infractl.spec.service import InferenceService

LARGEST_ON_CORES = 32
LARGEST_ON_ACCELERATOR = 128
"""Batches that are tried unasked. On cores a larger one saves nothing; an accelerator may need it to be kept busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Ordered from simple to complex: fewer cores, of those with as many fewer instances, then smaller batches."""

    instances: int
    batch: int
    threads: int

    @classmethod
    def of(cls, placement: Placement) -> Shape:
        return cls(instances=placement.instances, batch=placement.batch, threads=placement.threads)

    @property
    def complexity(self) -> tuple[int, int, int]:
        """Ascending from simple to complex."""
        return (self.instances * self.threads, self.instances, self.batch)


def shapes(service: InferenceService, profile: ModelProfile, offer: Offer) -> Sequence[Shape]:
    """The shapes that the service's document, its model and the offer's cores allow, the simplest first.

    An accelerator has one session: a second one on it would wait for the first.
    """
    batches = _batches(service, profile, LARGEST_ON_CORES if offer.chip.cores else LARGEST_ON_ACCELERATOR)
    if not offer.chip.cores:
        return _cut(sessions=offer.count, batches=batches)
    if offer.metered:
        # What is paid by the call is started once for each request that runs.
        return _cut(cores=max(1, ceil(offer.metered.cores)), sessions=1, batches=batches[:1])
    return _cut(cores=max(1, offer.chip.cores * offer.count), batches=batches)


@lru_cache(maxsize=1024)
def _cut(*, batches: tuple[int, ...], cores: int = 1, sessions: int = 0) -> tuple[Shape, ...]:
    """Of so many cores, into so many sessions or any number of them. The same object for the same cut."""
    found = [
        Shape(instances=instances, batch=batch, threads=threads)
        for instances in ([sessions] if sessions else _counts(cores))
        for threads in _counts(max(1, cores if sessions else cores // instances))
        for batch in batches
    ]
    return tuple(sorted(found, key=lambda shape: shape.complexity))


def _counts(cores: int) -> Sequence[int]:
    """Every number up to 4, then doubling, and all: in between, one more changes little."""
    doubling = (1 << power for power in range(cores.bit_length()))
    return sorted({*range(1, min(cores, 4) + 1), *doubling, cores})


def _batches(service: InferenceService, profile: ModelProfile, largest: int) -> tuple[int, ...]:
    match service.spec.serving.batching:
        case _ if profile.batch is None:
            return (1,)
        case Batching(max_batch=max_batch):
            return (max_batch,)
        case "off":
            return (1,)
        case _:
            items = service.spec.traffic.shapes.get(profile.batch, 1)
            whole = max(1, largest // items)
            return tuple(items * (1 << power) for power in range(whole.bit_length()))
