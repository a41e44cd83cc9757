"""What a project can buy: the offers of its targets, at the prices that hold for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from infractl.domain.chip import Chip
from infractl.domain.cost import HOURS_A_MONTH
from infractl.domain.hardware_class import HardwareClass
from infractl.domain.offer import Offer, Purchase
from infractl.domain.unknown import Unknown
from infractl.errors import Diagnostics, SpecError, UsageError
from infractl.placement.discount import discounted
from infractl.provider.plugin import calling
from infractl.spec.rule.check import broken_project
from infractl.spec.telling.suggest import did_you_mean, written
from infractl.workflows.declared_price import at_declared_price
from infractl.workflows.workspace import OpenTarget, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which offers are looked for; what is empty lets all through.

    A chip is named as it is, by its family, or in part: "A100" is both of its sizes.
    """

    targets: Sequence[str] = ()
    classes: Sequence[HardwareClass] = ()
    chips: Sequence[str] = ()
    regions: Sequence[str] = ()
    purchases: Sequence[Purchase] = ()

    def fits(self, offer: Offer) -> bool:
        """Whether an offer of a wanted target is one of them."""
        return (
            (not self.classes or offer.chip.hardware_class in self.classes)
            and (not self.chips or any(_is(offer.chip, name.casefold()) for name in self.chips))
            and (not self.regions or offer.region in self.regions)
            and (not self.purchases or offer.purchase in self.purchases)
        )


def _is(chip: Chip, name: str) -> bool:
    """A processor's family may begin as another's does, so that only the names of accelerators are told by their beginning."""
    whole = chip.name.casefold()
    return name in (whole, chip.family.casefold()) or (chip.cores == 0 and whole.startswith(f"{name}-"))


def offers(workspace: Workspace, wanted: Wanted) -> tuple[Offer, ...]:
    """What the project's targets offer, of each the cheapest first and what has no price last.

    Raises UsageError for a target that is not declared, ProviderError.
    """
    declared = tuple(workspace.loaded.project.targets)
    check_declared(workspace, wanted.targets)
    found = [o for name in wanted.targets or declared for o in offers_of(workspace, workspace.target(name)) if wanted.fits(o)]
    places = {name: place for place, name in enumerate(declared)}
    return tuple(sorted(found, key=lambda offer: (places[offer.target], *_price(offer), offer.name)))


def check_declared(workspace: Workspace, names: Sequence[str]) -> None:
    """Raises SpecError for prices that cannot be meant so, and UsageError for a target that infractl.yaml does not have."""
    if workspace.loaded.document is not None:
        problems = Diagnostics(broken_project(workspace.loaded.document, workspace.loaded.root))
        problems.raise_errors(SpecError)
    declared = tuple(workspace.loaded.project.targets)
    for name in names:
        if name not in declared:
            raise UsageError.of(
                "unknown-target",
                summary="a target is not in infractl.yaml",
                detail=f"{written(name)} is not a target of this project",
                remedy=did_you_mean(name, declared, "use one of"),
            )


def _price(offer: Offer) -> tuple[bool, bool, Decimal]:
    """What is unknown comes last, and before it what is paid by the call: an hour of it cannot be compared."""
    prices = [rate.price for rate in offer.tariff]
    known = [price for price in prices if not isinstance(price, Unknown)]
    hourly = [price / HOURS_A_MONTH if rate.unit == "month" else price for price, rate in zip(known, offer.tariff, strict=False)]
    return (len(known) < len(prices) or not prices, offer.by_the_call, sum(hourly, Decimal(0)))


def offers_of(workspace: Workspace, opened: OpenTarget) -> Sequence[Offer]:
    """The offers of one target as this project pays them: of its hardware classes, at locked and declared prices, less discount.

    Raises ProviderError where the provider's catalogue, or what is declared of its machines, cannot be used.
    """
    name = opened.target.name
    entry = workspace.loaded.project.targets[name]
    found = workspace.price_lock.applied(catalogue_of(opened))
    wanted = [offer for offer in found if entry.classes is None or offer.chip.hardware_class in entry.classes]
    priced = at_declared_price(workspace, name, wanted)
    return discounted(priced, entry.discount, f"targets.{name}.discount in infractl.yaml")


def catalogue_of(opened: OpenTarget) -> Sequence[Offer]:
    """What the provider itself says of its offers and their list prices. Raises ProviderError."""
    with calling(opened.target.provider, "offers"):
        return opened.provider.offers(opened.target)


def priced_today(workspace: Workspace, offer: Offer) -> Offer:
    """An offer that was taken earlier, at what it costs now: a machine of your own has no price that is not declared any more.

    What was bought elsewhere, and is offered there no more, keeps the price that it was taken at.
    """
    if offer.target not in workspace.loaded.project.targets:
        return replace(offer, tariff=()) if offer.purchase is Purchase.owned else offer
    opened = workspace.target(offer.target)
    if offer.purchase is not Purchase.owned:
        now = next((each for each in offers_of(workspace, opened) if each.key == offer.key), offer)
        return replace(offer, tariff=now.tariff)
    pool = opened.target.machines.get(offer.name)
    bare = replace(offer, tariff=pool.tariff if pool else ())
    return at_declared_price(workspace, offer.target, [bare])[0]
