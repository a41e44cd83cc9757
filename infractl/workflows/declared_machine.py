"""The machines that infractl.yaml declares for a target, for a provider that takes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from infractl.domain.machine import Machine
from infractl.errors import SpecError
from infractl.provider.capability import TakesMachines
from infractl.provider.contract import Provider
from infractl.spec.load import LoadedProject
from infractl.spec.section.target import Machine as Declared


def declared_machines(loaded: LoadedProject, target: str, provider: Provider, on: date) -> Mapping[str, Machine]:
    """By pool, at what they cost on a day. Raises SpecError where the provider would not look at them."""
    declared = loaded.project.targets[target].machines
    if not declared:
        return {}
    if not (isinstance(provider, TakesMachines) and provider.takes_machines):
        raise SpecError.of(
            "machines-not-taken",
            summary="this target's provider takes no machines from infractl.yaml",
            detail=f"{provider.name} says itself what there is at {target}",
            at=loaded.target_mark(target, "machines"),
            remedy=f"remove targets.{target}.machines; what a machine of your own costs is said by targets.{target}.price",
        )
    return {pool: _machine(machine, f"targets.{target}.machines.{pool}", on) for pool, machine in declared.items()}


def _machine(declared: Declared, path: str, on: date) -> Machine:
    return Machine(
        chip=declared.chip,
        chips=declared.chips,
        cpus=declared.cpus,
        ghz=declared.ghz,
        memory_bytes=declared.memory,
        count=declared.count,
        tariff=declared.price.declared.tariff(f"{path}.price in infractl.yaml", on) if declared.price else (),
    )
