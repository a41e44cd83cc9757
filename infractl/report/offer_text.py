"""What can be bought, as a table, with the sources of the prices below it."""

from __future__ import annotations

from collections.abc import Sequence

from infractl.domain.hardware_class import HardwareClass
from infractl.domain.offer import Offer, Rate
from infractl.domain.unknown import Unknown
from infractl.report.style import Style
from infractl.report.table_text import table
from infractl.report.value_text import counted
from infractl.units import Money, format_bytes, format_money

_HEAD = ("target", "offer", "chip", "memory", "region", "purchase", "price", "source")


def offer_text(offers: Sequence[Offer], style: Style) -> str:
    """One line an offer, in the given order; sources, and why a price is unknown, are numbered, since many prices share one."""
    if not offers:
        return "Nothing is offered that fits.\n"
    sources = {source: number for number, source in enumerate(dict.fromkeys(s for o in offers for s in _sources(o)), 1)}
    lines = table(_HEAD, [_row(offer, sources) for offer in offers])
    told = [f"  [{number}] {source}" for source, number in sources.items()]
    return "\n".join((style.bold(lines[0]), *lines[1:], "", f"{counted(len(offers), 'offer')}. Prices are from:", *told)) + "\n"


def _row(offer: Offer, sources: dict[str, int]) -> tuple[str, ...]:
    chips = f"{offer.count} x {offer.chip.name}" if offer.count > 1 else offer.chip.name
    return (
        offer.target,
        offer.name,
        chips if offer.available is None else f"{chips}, {offer.available} of them",
        _memory(offer),
        offer.region,
        offer.purchase.value,
        _price(offer),
        "".join(f"[{sources[source]}]" for source in dict.fromkeys(_sources(offer))),
    )


def _memory(offer: Offer) -> str:
    """The host's, and beside it that of an accelerator."""
    host = format_bytes(offer.host_memory_bytes)
    own = offer.chip.hardware_class not in (HardwareClass.cpu, HardwareClass.serverless) and offer.chip.memory_bytes
    return f"{host} + {offer.count} x {format_bytes(offer.chip.memory_bytes)}" if own else host


def _price(offer: Offer) -> str:
    if not offer.tariff or any(isinstance(rate.price, Unknown) for rate in offer.tariff):
        return "unknown"
    return " + ".join(map(_rate, offer.tariff))


def _rate(rate: Rate) -> str:
    assert not isinstance(rate.price, Unknown)
    return f"{format_money(Money(amount=rate.price, currency=rate.currency))}/{rate.unit}"


def _sources(offer: Offer) -> list[str]:
    if not offer.tariff:
        return ["unknown: none is declared"]
    return [_source(rate) for rate in offer.tariff]


def _source(rate: Rate) -> str:
    told = f"{rate.source}, {rate.date}"
    if not isinstance(rate.price, Unknown):
        return told
    # Many a catalogue says in its source why there is no price.
    return f"unknown: {told}" if rate.source.startswith(rate.price.why) else f"unknown: {rate.price.why} ({told})"
