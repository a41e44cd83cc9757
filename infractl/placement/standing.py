"""How many replicas stand there over a month: those that the traffic needs, spare ones, and of which purchase."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from infractl.domain.offer import Offer, Purchase
from infractl.domain.placement import Violation
from infractl.domain.unknown import Unknown
from infractl.placement.bounds import Bounds, fewer
from infractl.placement.replicas import Fleet, at_least, available_replicas, fleet
from infractl.placement.season import moves, season, sleeps
from infractl.placement.shortfall import declared
from infractl.placement.spot import ENOUGH_SHARE, Mix, cheapest_mix, spot_share
from infractl.placement.week import growth
from infractl.spec.service import InferenceService

REACTION_S = 300.0
"""From a change of traffic to a replica that answers: seen, provisioned, image pulled, model loaded. Estimated."""

ZONES = 2
"""Over which replicas of what is bought are spread: managed endpoints use several from the second replica on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Replicas over a month, `spot` of them of the offer that may be taken away and the others `beside` it."""

    fleet: Fleet
    spot: int = 0
    beside: Offer | None = None

    @property
    def others(self) -> int:
        """Those that are kept for good."""
        return self.fleet.ceiling - self.spot


def standing(
    service: InferenceService, offer: Offer, needed: int, capacity_per_s: float, beside: Offer | None = None
) -> Standing | Violation:
    """For `needed` replicas at peak traffic, of which each may be planned for `capacity_per_s`.

    `beside` is the same offer kept for good, where this one may be taken away and a mix is allowed.
    """
    bounds, promised = Bounds.of(service, offer), service.spec.slo.availability
    if offer.purchase is Purchase.spot:
        return _spot(service, offer, needed, beside)
    total = needed if promised is None else available_replicas(needed, promised, zones=_zones(offer))
    if total is None:
        return Violation(
            code="availability-short",
            need=declared(promised or 0.0, "of the time", "spec.slo.availability"),
            have=f"replicas in {_zones(offer)} zones, which fail as well",
        )
    if total > bounds.most:
        return fewer(total, bounds.most, "spec.slo.availability", offer)
    spare, moving = total - needed, _moving(service, bounds, needed, capacity_per_s)
    return Standing(fleet=Fleet(floor=moving.floor + spare, expected=moving.expected + spare, ceiling=moving.ceiling + spare))


def _moving(service: InferenceService, bounds: Bounds, needed: int, capacity_per_s: float) -> Fleet:
    """All of them all the time, or as an autoscaler keeps them: ahead of a schedule, and behind what nobody foretold."""
    whole, peak_per_s = Fleet(floor=needed, expected=float(needed), ceiling=needed), service.peak_per_s
    if not (moves(service) or sleeps(service)) or bounds.is_fixed or capacity_per_s <= 0 or not peak_per_s:
        return whole
    stretches = season(service)
    if sleeps(service):
        # What comes meanwhile waits in the queue. How long a provider lets idle ones stand there is not counted.
        found = fleet(stretches, peak_per_s, capacity_per_s, least=0, most=needed)
    else:
        floor = bounds.least * capacity_per_s / peak_per_s
        more = 0.0 if service.spec.traffic.schedule else growth(stretches, REACTION_S, floor)
        found = fleet(stretches, peak_per_s, capacity_per_s, more, least=bounds.least, most=needed)
    return Fleet(floor=found.floor, expected=found.expected, ceiling=needed)


def _zones(offer: Offer) -> int:
    return 1 if offer.purchase is Purchase.owned else ZONES


def _spot(service: InferenceService, offer: Offer, needed: int, beside: Offer | None) -> Standing | Violation:
    """As many stand there all the time as keep enough of them: what is taken away comes at no foretold hour."""
    if isinstance(offer.interrupted_s, Unknown):
        why = offer.interrupted_s.why
        return Violation(code="no-figures", need=f"how often spot capacity of {offer.name} is taken away", have=why)
    share = spot_share(offer.interrupted_s.low, REACTION_S)
    enough = min(service.spec.slo.availability or ENOUGH_SHARE, 1 - 1e-9)
    mix = _alone(needed, share, enough) if service.spec.hardware.spot == "only" else _mixed(offer, beside, needed, share, enough)
    if isinstance(mix, Violation):
        return mix
    total, most = mix.spot + mix.on_demand, Bounds.of(service, offer).most
    if total > most:
        return fewer(total, most, "spec.hardware.spot", offer)
    whole = Fleet(floor=total, expected=float(total), ceiling=total)
    return Standing(fleet=whole, spot=mix.spot, beside=beside if mix.on_demand else None)


def _alone(needed: int, share: float, enough: float) -> Mix:
    count = needed
    while at_least(count, needed, share) < enough:
        count += 1
    return Mix(spot=count, on_demand=0, share=at_least(count, needed, share))


def _mixed(offer: Offer, beside: Offer | None, needed: int, share: float, enough: float) -> Mix | Violation:
    if beside is None:
        return Violation(code="spot-not-allowed", need="the same offer kept for good beside it", have="none")
    price, dearer = hourly(offer), hourly(beside)
    if isinstance(price, Unknown) or isinstance(dearer, Unknown):
        return Violation(code="price-unknown", need="both prices, for the cheapest mix", have="not both")
    return cheapest_mix(needed, price, dearer, share, enough)


def hourly(offer: Offer) -> Decimal | Unknown:
    """What an hour of one costs, as far as it is paid so."""
    total = Decimal(0)
    for rate in offer.tariff:
        if (rate.metric, rate.unit) == ("instance", "hour"):
            if isinstance(rate.price, Unknown):
                return rate.price
            total += rate.price
    return total or Unknown("its price is not known")
