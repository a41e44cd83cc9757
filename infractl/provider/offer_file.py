"""A plugin's catalogue of offers: a CSV file beside its code, with one line a rate, each with source, date and confidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from infractl.domain.chip import Chip
from infractl.domain.hardware_class import HardwareClass
from infractl.domain.offer import Mode, Offer, Rate
from infractl.domain.precision import Precision
from infractl.domain.unknown import Unknown
from infractl.errors import Diagnostic, Diagnostics, ProviderError, Severity
from infractl.provider.contract import Target
from infractl.provider.offer_check import check
from infractl.provider.offer_row import Row, Shape, rows

GIB = 2**30


class Chips(Protocol):
    """Who knows chips by name: `infractl.hardware.catalogue` is one."""

    def chip(self, name: str) -> Chip:
        """An accelerator. Raises LookupError for a name that it does not know."""
        ...

    def processor(self, family: str, *, vcpus: float, ghz: float, memory_bytes: int = 0) -> Chip:
        """A share of a CPU. Raises LookupError for a family that it does not know."""
        ...


def read_offers(text: str, file: str, chips: Chips) -> tuple[Offer, ...]:
    """The offers of a catalogue, at no target yet. Raises ProviderError with all that is wrong with it, each with `file:line`."""
    problems = Diagnostics()
    read = list(rows(text, file, problems))
    problems.extend(check(read))
    known = dict(_chips(read, chips, problems))
    problems.raise_errors(ProviderError)
    lines: dict[object, list[Row]] = defaultdict(list)
    for row in read:
        lines[row.offer].append(row)
    return tuple(_offer(group, known[group[0].shape]) for group in lines.values())


def offers_in(offers: Sequence[Offer], target: Target, region: str) -> tuple[Offer, ...]:
    """What a catalogue offers at a target in `region`: where it knows no price there, the same machines at an unknown one."""
    here = [offer for offer in offers if offer.region == region]
    named = {(offer.name, offer.purchase) for offer in here}
    elsewhere = {(o.name, o.purchase): o for o in offers if (o.name, o.purchase) not in named}
    unpriced = (replace(o, region=region, tariff=_unpriced(o, region)) for o in elsewhere.values())
    return tuple(replace(offer, target=target.name) for offer in (*here, *unpriced))


def _unpriced(offer: Offer, region: str) -> tuple[Rate, ...]:
    why = Unknown(f"no price is known in {region}")
    return tuple(replace(rate, price=why, source=f"no price for {region} in this catalogue") for rate in offer.tariff)


def _chips(read: Sequence[Row], chips: Chips, problems: Diagnostics) -> Iterator[tuple[Shape, Chip]]:
    seen: set[Shape] = set()
    for row in read:
        if row.shape in seen:
            continue
        seen.add(row.shape)
        try:
            yield row.shape, _chip(row.shape, chips)
        except LookupError:
            problems.extend([_unknown_chip(row)])


def _chip(shape: Shape, chips: Chips) -> Chip:
    if shape.chip:
        return chips.chip(shape.chip)
    found = processor(chips, shape.processor, vcpus=shape.vcpus, ghz=shape.ghz, memory_bytes=int(shape.memory_gib * GIB))
    by_the_call = shape.modes == (Mode.serverless,)
    return replace(found, hardware_class=HardwareClass.serverless) if by_the_call else found


def processor(chips: Chips, family: str, *, vcpus: float, ghz: float | None, memory_bytes: int) -> Chip:
    """A share of a CPU, whose speed is not known where its family or its clock is not. Raises LookupError for other families."""
    if family and ghz is not None:
        return chips.processor(family, vcpus=vcpus, ghz=ghz, memory_bytes=memory_bytes)
    # Whether there is such a family is told in any case.
    cores = chips.processor(family, vcpus=vcpus, ghz=1.0).cores if family else max(1, int(vcpus))
    why = Unknown(f"the clock of its {family} is not stated" if family else "its processor is not stated")
    return Chip(
        name=f"{family or 'processor'} x{vcpus:g}",
        hardware_class=HardwareClass.cpu,
        cores=cores,
        peak_flops_per_s=dict.fromkeys(Precision, why),
        bandwidth_bytes_per_s=why,
        memory_bytes=memory_bytes,
        family=family,
    )


def _offer(group: Sequence[Row], chip: Chip) -> Offer:
    first = group[0]
    shape = first.shape
    return Offer(
        name=first.name,
        target="",
        chip=chip,
        count=shape.chips,
        region=first.region,
        purchase=first.purchase,
        tariff=tuple(_named(row, len(group)) for row in group),
        host_memory_bytes=int(shape.memory_gib * GIB),
        host_cores=int(shape.vcpus) if shape.chip else chip.cores,
        modes=shape.modes,
    )


def _named(row: Row, rates: int) -> Rate:
    """A cost's line is called after its offer; of one that is paid for several things, after these too."""
    return row.rate if rates == 1 else replace(row.rate, name=f"{row.name}: {row.rate.metric} by the {row.rate.unit}")


def _unknown_chip(row: Row) -> Diagnostic:
    return Diagnostic(
        slug="offer-chip",
        severity=Severity.error,
        summary="an offer has a chip that is not in the catalogue of hardware",
        detail=f"{row.name} has {row.shape.chip or row.shape.processor}",
        at=row.mark,
        remedy="write it as the catalogue of hardware names it, or leave the processor empty where nobody says which it is",
    )
