"""The machines that infractl.yaml declares for a target, as offers: one pool is one offer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from infractl.domain.chip import Chip
from infractl.domain.hardware_class import HardwareClass
from infractl.domain.machine import Machine
from infractl.domain.offer import Mode, Offer, Purchase
from infractl.errors import ProviderError
from infractl.provider.contract import Target
from infractl.provider.offer_file import Chips, processor


def machine_offers(target: Target, region: str, chips: Chips) -> tuple[Offer, ...]:
    """The target's pools, by their names. Raises ProviderError for a chip that the catalogue of hardware does not have."""
    return tuple(_offers(target, region, chips))


def _offers(target: Target, region: str, chips: Chips) -> Iterator[Offer]:
    for pool, machine in target.machines.items():
        _sized(target, pool, machine)
        chip = _chip(target, pool, machine, chips)
        accelerated = chip.hardware_class is not HardwareClass.cpu
        yield Offer(
            name=pool,
            target=target.name,
            chip=chip,
            count=machine.chips if accelerated else 1,
            region=region,
            purchase=Purchase.owned,
            tariff=machine.tariff,
            host_memory_bytes=machine.memory_bytes or 0,
            host_cores=(machine.cpus or 0) if accelerated else chip.cores,
            modes=(Mode.realtime,),
            available=machine.count,
        )


def _sized(target: Target, pool: str, machine: Machine) -> None:
    """Whether a model fits, and how fast its host is, depends on both."""
    missing = [key for key, size in (("cpus", machine.cpus), ("memory", machine.memory_bytes)) if not size]
    if missing:
        raise ProviderError.of(
            "machine-size",
            summary="a pool of machines does not say how large they are",
            detail=f"{pool} has no {' and no '.join(missing)}",
            at=f"targets.{target.name}.machines.{pool}",
            remedy="write both: cpus: 16, memory: 64GiB",
        )


def _chip(target: Target, pool: str, machine: Machine, chips: Chips) -> Chip:
    """An accelerator or a family of processors: one is named like the other."""
    name, cpus, memory_bytes = machine.chip or "", float(machine.cpus or 0), machine.memory_bytes or 0
    with suppress(LookupError):
        return processor(chips, name, vcpus=cpus, ghz=machine.ghz, memory_bytes=memory_bytes)
    with suppress(LookupError):
        return chips.chip(name)
    raise ProviderError.of(
        "machine-chip",
        summary="a machine has a chip that is not in the catalogue of hardware",
        detail=f"{name} in the pool {pool}",
        at=f"targets.{target.name}.machines.{pool}.chip",
        remedy="write it as `infractl offers` names chips, or leave it out where nobody says which processor it is",
    )
