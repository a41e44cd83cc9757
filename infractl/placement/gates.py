"""Reasons against an offer and a recipe that need no figure: what the document allows, and what the chip can do."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from infractl.domain.hardware_class import HardwareClass
from infractl.domain.offer import Mode, Offer, Purchase
from infractl.domain.placement import Violation
from infractl.domain.recipe import Recipe
from infractl.domain.unknown import Unknown
from infractl.spec.service import InferenceService

ANSWERING: dict[str, frozenset[Mode]] = {
    "realtime": frozenset({Mode.realtime, Mode.serverless}),
    "async": frozenset({Mode.asynchronous}),
    "batch": frozenset({Mode.realtime, Mode.asynchronous}),
}
"""By `spec.mode`, the modes of offers that answer so. Files are read in runs, by whatever stands there while one lasts."""


def barred(service: InferenceService, offer: Offer, recipe: Recipe) -> Iterator[Violation]:
    """Every reason that stands before anything is looked up, in the order of the document."""
    yield from offer_barred(service, offer)
    yield from recipe_barred(offer, recipe)


def offer_barred(service: InferenceService, offer: Offer) -> Iterator[Violation]:
    """What the document has against the offer, whatever the recipe."""
    spec, hardware = service.spec, service.spec.hardware
    if (sort := hardware_class(offer)) not in hardware.classes:
        yield Violation(code="class-not-allowed", need=" or ".join(hardware.classes), have=sort)
    if spec.targets and offer.target not in spec.targets:
        yield Violation(code="target-not-allowed", need=" or ".join(spec.targets), have=offer.target)
    if hardware.allow and not _matches(offer, hardware.allow):
        yield Violation(code="offer-not-allowed", need=" or ".join(hardware.allow), have=offer.name)
    if denied := _matches(offer, hardware.deny):
        yield Violation(code="offer-not-allowed", need=f"none of {denied}", have=offer.name)
    if hardware.regions and offer.region not in hardware.regions:
        yield Violation(code="region-not-allowed", need=" or ".join(hardware.regions), have=offer.region)
    yield from _purchase(service, offer)
    if not ANSWERING[spec.mode].intersection(offer.modes):
        yield Violation(code="mode-not-offered", need=spec.mode, have=" or ".join(offer.modes))


def hardware_class(offer: Offer) -> HardwareClass:
    """The sort of the offer: what is paid by the call is serverless, whatever computes there."""
    return HardwareClass.serverless if Mode.serverless in offer.modes else offer.chip.hardware_class


def recipe_barred(offer: Offer, recipe: Recipe) -> Iterator[Violation]:
    """What the chip has against the recipe. One that states no precision's speed leaves that to what was measured on it."""
    known = offer.chip.peak_flops_per_s
    if recipe.dtype not in known and not all(isinstance(peak, Unknown) for peak in known.values()):
        yield Violation(code="precision-unsupported", need=recipe.dtype, have=", ".join(known))


def _purchase(service: InferenceService, offer: Offer) -> Iterator[Violation]:
    """Capacity that may be taken away is there for those who allow it; and nothing else for those who want it alone."""
    spot = offer.purchase is Purchase.spot
    if spot and service.spec.hardware.spot == "never":
        yield Violation(code="spot-not-allowed", need="capacity that is not taken away", have=offer.purchase)
    if not spot and service.spec.hardware.spot == "only":
        yield Violation(code="spot-alone", need="spot capacity alone", have=offer.purchase)


def _matches(offer: Offer, patterns: tuple[str, ...]) -> str:
    """The first pattern that the offer's name matches, "" for none. Only `*` is special, as the document says."""
    return next((p for p in patterns if fnmatchcase(offer.name, p.replace("[", "[[]").replace("?", "[?]"))), "")
