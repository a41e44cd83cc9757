"""`prices`: which list prices the project is planned with, and how newer ones are taken over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from infractl.domain.offer import Offer, Purchase, Rate
from infractl.domain.plan import Notice, Plan, ServicePlan
from infractl.domain.release import Deployment
from infractl.domain.unknown import Unknown
from infractl.errors import ProviderError, StalePlanError, UsageError
from infractl.provider.capability import ReadsPrices
from infractl.provider.plugin import calling
from infractl.state.price_lock import lockable, read_price_lock, write_price_lock
from infractl.workflows.offers import catalogue_of, check_declared, offers_of
from infractl.workflows.workspace import OpenTarget, Workspace

if TYPE_CHECKING:
    from infractl.domain.price_change import PriceChange, PriceRefresh


def refresh(workspace: Workspace, target: str, file: Path | None) -> PriceRefresh:
    """Take over the list prices of a target: those of its cloud's price list in a file, else those of the provider's catalogue.

    Raises UsageError where the target is not declared or its provider reads no lists, ProviderError, StateError.
    """
    from infractl.domain.price_change import PriceRefresh

    check_declared(workspace, [target])
    opened = workspace.target(target)
    newer = catalogue_of(opened) if file is None else _read(opened, file)
    present = workspace.price_lock.applied(catalogue_of(opened))
    before = {offer.key: offer for offer in present if offer.purchase is not Purchase.owned}
    # What is not locked is planned with at the catalogue's price in any case.
    wanted = before.keys() if file is not None else workspace.price_lock.tariffs.keys()
    taken = [offer for offer in newer if offer.key in before and offer.key in wanted and lockable(offer)]
    pairs = [pair for offer in taken for pair in _pairs(before[offer.key], offer.tariff)]
    changes = tuple(pair for pair in pairs if pair.before is None or not _same(pair.before, pair.after))
    priced = {offer.key for offer in taken}
    declared = workspace.price_lock.of_targets(workspace.loaded.project.targets)
    write_price_lock(workspace.loaded.root, declared.with_prices(taken))
    return PriceRefresh(
        target=target,
        changes=changes,
        same=len(pairs) - len(changes),
        unpriced=tuple(offer.name for key, offer in before.items() if key in wanted and key not in priced),
    )


def record(workspace: Workspace, plan: Plan) -> None:
    """Lock the list prices of what a plan places, so that the next one is made with the same. Raises StateError."""
    placed = [offer for s in plan.services if s.deployment is not None for offer in placed_offers(s.deployment)]
    keys = {offer.key for offer in placed if offer.purchase is not Purchase.owned}
    targets = {offer.target for offer in placed} & set(workspace.loaded.project.targets)
    listed = [offer for name in targets for offer in workspace.price_lock.applied(catalogue_of(workspace.target(name)))]
    # Others may have added theirs since it was read.
    lock = read_price_lock(workspace.loaded.root)
    grown = lock.with_prices(o for o in listed if o.key in keys and o.key not in lock.tariffs)
    if grown.tariffs != lock.tariffs:
        write_price_lock(workspace.loaded.root, grown)


def of_prices(workspace: Workspace, deployment: Deployment) -> Iterator[Notice]:
    """That a locked price is not what the provider's catalogue has by now."""
    for offer in placed_offers(deployment):
        locked = workspace.price_lock.tariffs.get(offer.key)
        opened = workspace.target(offer.target)
        present = next((each for each in catalogue_of(opened) if each.key == offer.key), None) if locked else None
        if locked is None or present is None or not lockable(present):
            continue
        for pair in _pairs(present, locked):
            if pair.before is not None and not _same(pair.before, pair.after):
                yield Notice(
                    code="price-moved",
                    text=f"{offer.name}: {_said(pair.after)} is locked, and {opened.target.provider} has {_said(pair.before)} "
                    f"now: infractl prices refresh --target {offer.target} takes it over",
                )


def check_prices(workspace: Workspace, service: ServicePlan) -> None:
    """Raises StalePlanError where a plan was made with another price of what it places than holds now."""
    for planned in placed_offers(service.deployment) if service.deployment else ():
        if planned.purchase is Purchase.owned or planned.target not in workspace.loaded.project.targets:
            continue
        now = next((o for o in offers_of(workspace, workspace.target(planned.target)) if o.key == planned.key), None)
        if now is not None and len(now.tariff) == len(planned.tariff) and all(map(_same, planned.tariff, now.tariff)):
            continue
        was, is_now = (" + ".join(map(_said, offer.tariff)) if offer else "no offer" for offer in (planned, now))
        raise StalePlanError.of(
            "plan-price",
            summary="this plan was made with another price than holds now",
            detail=f"{service.key.service} at {planned.target}: {planned.name} was {was} and is {is_now}",
            remedy=f"make and review a new plan: {workspace.call('plan')} --out PLAN",
        )


def placed_offers(deployment: Deployment) -> tuple[Offer, ...]:
    """What a deployment is paid for: spot capacity has regular capacity beside it."""
    placement = deployment.stable.placement
    return (placement.offer,) if placement.beside is None else (placement.offer, placement.beside)


def _read(opened: OpenTarget, file: Path) -> Sequence[Offer]:
    provider, name = opened.provider, opened.target.provider
    if not isinstance(provider, ReadsPrices):
        raise UsageError.of(
            "prices-not-read",
            summary="this target's provider reads no price lists",
            detail=f"{name} cannot read {file}",
            remedy="leave the file out: the provider's own catalogue is taken over then",
        )
    if not file.is_file():
        raise UsageError.of(
            "prices-missing",
            summary="there is no such price list",
            detail=str(file),
            remedy="name a price list that was downloaded from the cloud",
        )
    with calling(name, "read_prices"):
        found = provider.read_prices(file, opened.target)
    if not found:
        raise ProviderError.of(
            "prices-none",
            summary="the price list has no price of this target's offers",
            detail=f"{file}: nothing of it is sold at {opened.target.name}",
            remedy="download the list of the target's own region and service",
        )
    return found


def _pairs(before: Offer, tariff: Sequence[Rate]) -> Iterator[PriceChange]:
    """Each rate of a newer tariff, beside the one of the same metric that was."""
    from infractl.domain.price_change import PriceChange

    was = {(rate.metric, rate.unit): rate for rate in before.tariff}
    for rate in tariff:
        yield PriceChange(offer=before, before=was.get((rate.metric, rate.unit)), after=rate)


def _same(one: Rate, other: Rate) -> bool:
    """The same price, whoever states it and whenever."""
    return (one.metric, one.unit, one.price, one.currency) == (other.metric, other.unit, other.price, other.currency)


def _said(rate: Rate) -> str:
    price = "unknown" if isinstance(rate.price, Unknown) else f"{rate.price} {rate.currency}"
    return f"{price} by the {rate.unit}, of {rate.date}"
