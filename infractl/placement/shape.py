"""How a replica may be cut: sessions, their threads, and the batch cap. The simplest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from infractl.domain.offer import Offer
from infractl.domain.placement import Placement
from infractl.domain.profile import ModelProfile
from infractl.spec.section.serving import Batching
from infractl.spec.service import InferenceService

LARGEST_AUTOMATIC_BATCH = 32

_SINGLE_THREAD = 1
"""Calibration knows one thread; what several give together is not known yet."""


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Shape:
    """Ordered from simple to complex: fewer instances, then smaller batches."""

    instances: int
    batch: int
    threads: int

    @classmethod
    def of(cls, placement: Placement) -> Shape:
        return cls(instances=placement.instances, batch=placement.batch, threads=placement.threads)


def shapes(service: InferenceService, profile: ModelProfile, offer: Offer) -> Sequence[Shape]:
    """The shapes that the service's document, its model and the offer's cores allow, the simplest first."""
    cores = max(1, offer.chip.cores * offer.count)
    return [
        Shape(instances=instances, batch=batch, threads=_SINGLE_THREAD)
        for instances in _instances(cores)
        for batch in _batches(service, profile)
    ]


def _instances(cores: int) -> Sequence[int]:
    """Every number up to 4, then doubling, and all cores: in between, one more instance changes little."""
    doubling = (1 << power for power in range(cores.bit_length()))
    return sorted({*range(1, min(cores, 4) + 1), *doubling, cores})


def _batches(service: InferenceService, profile: ModelProfile) -> Sequence[int]:
    match service.spec.serving.batching:
        case _ if profile.batch is None:
            return (1,)
        case Batching(max_batch=max_batch):
            return (max_batch,)
        case "off":
            return (1,)
        case _:
            return [1 << power for power in range(LARGEST_AUTOMATIC_BATCH.bit_length())]
