"""The cheapest mix of spot and on-demand replicas of which enough answer nearly always."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from infractl.placement.replicas import at_least

ENOUGH_SHARE = 0.999
"""The share of time in which enough replicas must answer, where no availability is promised. Estimated: what a user bears."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """Replicas by purchase, and the share of time in which enough of them answer."""

    spot: int
    on_demand: int
    share: float


def spot_share(interrupted_s: float, restart_s: float) -> float:
    """The share of time in which a spot replica answers: mean time until it is taken away, and until the next one serves."""
    return interrupted_s / (interrupted_s + restart_s)


def cheapest_mix(
    need: int, spot_price: Decimal, on_demand_price: Decimal, share: float, enough: float = ENOUGH_SHARE, least_on_demand: int = 0
) -> Mix:
    """The least of n_spot · price + n_on_demand · price with P(Binomial(n_spot, share) + n_on_demand >= need) >= enough.

    On-demand replicas count as always there. Spot ones are taken away independently of each other, which is the optimistic side:
    a shortage takes all of one kind in one zone at once. `least_on_demand` is what must survive that. Of equal costs the mix
    with more on-demand replicas wins. `enough` is below 1.
    """
    best = Mix(spot=0, on_demand=max(need, least_on_demand), share=1.0)
    cost = best.on_demand * on_demand_price
    if share <= 0:
        return best
    spot = 0
    # The fewer on demand, the more spot ones are needed: the search only goes on.
    for on_demand in range(best.on_demand - 1, least_on_demand - 1, -1):
        while at_least(spot, need - on_demand, share) < enough:
            spot += 1
            if on_demand * on_demand_price + spot * spot_price >= cost:
                break
        total = on_demand * on_demand_price + spot * spot_price
        kept = at_least(spot, need - on_demand, share)
        if total < cost and kept >= enough:
            best, cost = Mix(spot=spot, on_demand=on_demand, share=kept), total
    return best
