"""What the provider `kubernetes` makes of the machines that infractl.yaml declares."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from infractl.domain.hardware_class import HardwareClass
from infractl.domain.machine import Machine
from infractl.domain.offer import Offer, Purchase, Rate
from infractl.domain.precision import Precision
from infractl.domain.unknown import Unknown
from infractl.errors import ProviderError
from infractl.hardware import catalogue
from infractl.provider.capability import TakesMachines
from infractl.provider.contract import Target
from infractl_kubernetes.provider import provider
from infractl_kubernetes.settings import KubernetesSettings

GIB = 2**30
RATE = Rate(metric="instance", unit="hour", price=Decimal("0.70"), currency="EUR", source="infractl.yaml", date=date(2026, 12, 1))


def offer(machine: Machine, **settings: str) -> Offer:
    target = Target(name="rack", provider="kubernetes", settings=KubernetesSettings(**settings), machines={"gpu-pool": machine})
    (found,) = provider.offers(target)
    return found


def test_it_takes_machines() -> None:
    assert isinstance(provider, TakesMachines) and provider.takes_machines


def test_a_pool_is_an_offer_of_so_many_machines() -> None:
    found = offer(Machine(chip="L4", chips=2, cpus=32, memory_bytes=128 * GIB, count=4, tariff=(RATE,)), region="frankfurt")

    assert (found.name, found.target, found.region, found.purchase) == ("gpu-pool", "rack", "frankfurt", Purchase.owned)
    assert (found.chip, found.count, found.available) == (catalogue.chip("L4"), 2, 4)
    assert (found.host_cores, found.host_memory_bytes, found.tariff) == (32, 128 * GIB, (RATE,))


def test_a_family_of_processors_is_as_fast_as_its_clock_says() -> None:
    found = offer(Machine(chip="x86-amx", cpus=64, ghz=2.4, memory_bytes=256 * GIB))

    assert found.chip == catalogue.processor("x86-amx", vcpus=64, ghz=2.4, memory_bytes=256 * GIB)
    assert (found.count, found.host_cores) == (1, found.chip.cores)


@pytest.mark.parametrize("chip", [None, "x86-amx"])
def test_without_a_family_or_a_clock_its_speed_is_unknown(chip: str | None) -> None:
    found = offer(Machine(chip=chip, cpus=64, memory_bytes=256 * GIB))

    assert found.chip.hardware_class is HardwareClass.cpu
    assert isinstance(found.chip.peak_flops_per_s[Precision.fp32], Unknown)


def test_a_chip_that_nobody_knows_is_told_where_it_is_declared() -> None:
    with pytest.raises(ProviderError) as raised:
        offer(Machine(chip="NVIDIA Z9", cpus=4, memory_bytes=GIB))

    (problem,) = raised.value.diagnostics
    assert (problem.slug, problem.at) == ("machine-chip", "targets.rack.machines.gpu-pool.chip")


@pytest.mark.parametrize(
    ("machine", "missing"),
    [
        (Machine(chip="L4"), "gpu-pool has no cpus and no memory"),
        (Machine(chip="L4", cpus=4), "gpu-pool has no memory"),
    ],
)
def test_a_pool_without_its_size_is_refused(machine: Machine, missing: str) -> None:
    with pytest.raises(ProviderError) as raised:
        offer(machine)

    (problem,) = raised.value.diagnostics
    assert (problem.slug, problem.detail) == ("machine-size", missing)
