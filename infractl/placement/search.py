"""The search among many offers: the table of batching queues says what each may cost, and the chain looks at those that may win.

Nothing is left out that could be chosen. An offer whose least possible cost is above what the best one costs is never looked at
closer, and what is told of it is by the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from infractl.domain.offer import Offer, Purchase
from infractl.domain.placement import Evaluation, Prediction, Violation
from infractl.domain.recipe import Recipe
from infractl.placement import finalist
from infractl.placement.bounds import MOST, Bounds
from infractl.placement.candidate import Candidate
from infractl.placement.demand import Demand
from infractl.placement.evaluate import Question, candidate, evaluation
from infractl.placement.fit import Fit, Trial, nearest_fit
from infractl.placement.predict import figure, predict
from infractl.placement.service_time import End, gaps
from infractl.placement.shape import Shape, shapes
from infractl.placement.shortfall import declared, memory_short, usable_bytes
from infractl.placement.speed import Speed
from infractl.placement.station import PERCENTILES, PLANNED_SHARE
from infractl.placement.sweep import Sweep, sweep

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was found, and what it is predicted to give."""

    fit: Fit
    prediction: Prediction | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """An offer and recipe as the table sees them: no fewer than `least` replicas, likely `likely`, and with these its p99."""

    offer: Offer
    recipe: Recipe
    speed: Speed
    cuts: Sequence[Shape]
    least: int
    likely: int
    p99_s: float
    rows: tuple[Array, Array, Array]
    """Of each shape that may keep the demand: its least and its likely replicas, and its number."""


def tabled(asked: Question) -> bool:
    """Whether the table may stand for offers at first: batches wait for nothing, and what is promised is costed in full."""
    demand = Demand.of(asked.service)
    return not demand.delay_s and not (demand.promised and gaps(asked.profile, demand.extents))


def sweepable(asked: Question, offer: Offer, speed: Speed) -> bool:
    """Whether it may stand for this one: a data sheet's, of which nothing was measured, and which nobody takes away."""
    if speed.sheet is None or offer.metered or offer.purchase is Purchase.spot:
        return False
    of = (asked.profile.digest, offer.chip.name)
    measured = any((m.artifact, m.chip) == of for m in asked.known.measurements)
    return not measured


def prospects(asked: Question, tried: Sequence[tuple[Offer, Recipe, Speed]]) -> tuple[list[Prospect], list[Evaluation]]:
    """What may keep the demand, and what surely does not, with its reasons."""
    if not tried:
        return [], []
    demand = Demand.of(asked.service)
    cuts = [shapes(asked.service, asked.profile, offer) for offer, _, _ in tried]
    sweeps = [
        sweep(asked.profile, offer, speed, each, demand.extents) for (offer, _, speed), each in zip(tried, cuts, strict=True)
    ]
    several = list({id(each): each for each in sweeps}.values())
    starts, total = {}, 0
    for each in several:
        starts[id(each)], total = total, total + len(each.shapes)
    whole = Sweep.joined(several)
    most, likely = whole.capacity_per_s(demand.limits_s, demand.rate_per_s)
    if finalist.is_hard(demand):
        most, likely = _played(demand, whole, most, likely)
    found: list[Prospect] = []
    refused: list[Evaluation] = []
    seen: dict[object, Prospect] = {}
    for (offer, recipe, speed), each, own in zip(tried, sweeps, cuts, strict=True):
        begin = starts[id(each)]
        part = slice(begin, begin + len(each.shapes))
        # The same machine in another region, or bought otherwise, is looked at once.
        alike = (id(each), usable_bytes(offer), Bounds.of(asked.service, offer))
        if alike in seen:
            found.append(replace(seen[alike], offer=offer, recipe=recipe))
            continue
        made = _look(asked, demand, (offer, recipe, speed), own, each, most[part], likely[part])
        if isinstance(made, Prospect):
            found.append(made)
            seen[alike] = made
        else:
            refused.append(made)
    return found, refused


def _played(demand: Demand, whole: Sweep, most: Array, likely: Array) -> tuple[Array, Array]:
    """What one replica carries of traffic in bursts, at most and likely. The most is no bound: it has the slack that it has."""
    import numpy as np

    rate = demand.rate_per_s
    least = np.clip(np.ceil(rate / np.maximum(most, 1e-300) - 1e-9), 1, MOST).astype(int)
    each = rate / finalist.replicas(whole.slow, demand, least, MOST)
    return np.minimum(most, finalist.SLACK * each), np.minimum(likely, each)


def _look(
    asked: Question,
    demand: Demand,
    of: tuple[Offer, Recipe, Speed],
    cuts: Sequence[Shape],
    swept: Sweep,
    most: Array,
    likely: Array,
) -> Prospect | Evaluation:
    import numpy as np

    offer = of[0]
    bounds = Bounds.of(asked.service, offer)
    fits = swept.memory_bytes <= usable_bytes(offer)
    may = fits & (most > 0)
    rate = demand.rate_per_s
    least = np.maximum(bounds.least, np.ceil(rate / np.maximum(most, 1e-300) - 1e-9))
    may &= least <= bounds.most
    if not may.any():
        found = _against(asked, demand, of, cuts, swept, fits)
        # A limit that is kept alone and missed under the load that few replicas have is the chain's to judge.
        return (
            found
            if found.violations
            else look(asked, _prospect(of, cuts, least, least, np.flatnonzero(fits), swept, bounds, rate))
        )
    counts = np.maximum(least, np.ceil(rate / np.maximum(likely, 1e-300) - 1e-9))
    return _prospect(of, cuts, least, counts, np.flatnonzero(may), swept, bounds, rate)


def _prospect(
    of: tuple[Offer, Recipe, Speed],
    cuts: Sequence[Shape],
    least: Array,
    counts: Array,
    numbers: Array,
    swept: Sweep,
    bounds: Bounds,
    rate_per_s: float,
) -> Prospect:
    import numpy as np

    best = int(numbers[np.lexsort((numbers, counts[numbers]))[0]])
    offer, recipe, speed = of
    replicas, p99 = int(min(counts[best], bounds.most)), PERCENTILES.index(99)
    loaded_s = float(swept.slow.rows(np.array([best])).latency_s(np.array([rate_per_s / replicas]))[0, p99])
    return Prospect(
        offer=offer,
        recipe=recipe,
        speed=speed,
        cuts=cuts,
        least=int(least[numbers].min()),
        likely=replicas,
        p99_s=loaded_s if np.isfinite(loaded_s) else float(swept.alone_s[End.high][best, p99]),
        rows=(np.minimum(least[numbers], MOST), np.minimum(counts[numbers], bounds.most), numbers),
    )


def _against(
    asked: Question, demand: Demand, of: tuple[Offer, Recipe, Speed], cuts: Sequence[Shape], swept: Sweep, fits: Array
) -> Evaluation:
    """What no shape can keep, with the reasons of the one that comes nearest."""
    import numpy as np

    offer, recipe, speed = of
    numbers = np.flatnonzero(fits) if fits.any() else np.zeros(1, int)
    limits = np.array([demand.limits_s.get(p, np.inf) for p in PERCENTILES])
    excess = (swept.alone_s[End.high][numbers] / limits).max(axis=1)
    full = swept.full_per_s[End.high][numbers]
    nearest = int(numbers[np.lexsort((-full, np.maximum(excess, 1.0)))[0]])
    shown = candidate(asked.service, asked.profile, offer, recipe, speed, cuts[nearest])
    memory = memory_short(offer, shown)
    remedy = f"infractl bench {asked.service.name} on {offer.name}"
    slow = tuple(_slow(demand, shown, swept, nearest, remedy))
    reasons = (*((memory,) if memory else ()), *(slow or _busy(asked, demand, offer, shown, swept, nearest, remedy)))
    return Evaluation(offer=offer, recipe=recipe, placement=None, violations=reasons)


def _slow(demand: Demand, shown: Candidate, swept: Sweep, number: int, remedy: str) -> Iterator[Violation]:
    """Limits that a request misses that meets no other: surely, or as far as is known."""
    for percentile, limit_s in demand.limits_s.items():
        seconds = {end: float(swept.alone_s[end][number, PERCENTILES.index(percentile)]) for end in End}
        need = declared(limit_s, "s", f"spec.slo.latency.p{percentile}")
        if seconds[End.low] > limit_s:
            have = figure(shown, demand, seconds, "s")
            yield Violation(code="service-time-over-slo", need=need, have=have)
        elif seconds[End.high] > limit_s:
            have = figure(shown, demand, seconds, "s")
            yield Violation(code="needs-measurement", need=need, have=have, remedy=remedy)


def _busy(
    asked: Question, demand: Demand, offer: Offer, shown: Candidate, swept: Sweep, number: int, remedy: str
) -> Iterator[Violation]:
    """Too few replicas for the rate, however it is shared among them."""
    count, rate = Bounds.of(asked.service, offer).most, demand.rate_per_s
    full = {end: count * float(swept.full_per_s[end][number]) for end in End}
    planned = {end: PLANNED_SHARE * each for end, each in full.items()}
    if rate <= planned[End.high]:
        return
    need = declared(rate, "1/s", f"spec.{demand.rate_field}")
    if rate <= planned[End.low]:
        yield Violation(code="needs-measurement", need=need, have=figure(shown, demand, planned, "1/s"), remedy=remedy)
    elif rate >= full[End.expected]:
        yield Violation(code="unstable", need=need, have=figure(shown, demand, full, "1/s"))
    else:
        yield Violation(code="throughput-short", need=need, have=figure(shown, demand, planned, "1/s"))


def looked(asked: Question, prospect: Prospect) -> Look:
    """The best shape by the chain, as `evaluate` finds it."""
    service, offer = asked.service, prospect.offer
    demand, bounds = Demand.of(service), Bounds.of(service, offer)

    def trial(least: int, likely: int, number: int) -> Trial:
        shape = prospect.cuts[number]
        return Trial(
            least=least,
            likely=likely,
            complexity=shape.complexity,
            make=lambda: candidate(service, asked.profile, offer, prospect.recipe, prospect.speed, shape),
        )

    tried = [trial(*map(int, row)) for row in zip(*prospect.rows, strict=True)]
    found = finalist.best(tried, demand, bounds) or nearest_fit(finalist.nearest(tried, demand, bounds), demand, bounds)
    return Look(fit=found, prediction=predict(found.candidate, found.demand))


def look(asked: Question, prospect: Prospect, before: dict[int, Look] | None = None) -> Evaluation:
    """What a closer look finds; the same machine in another region, or bought otherwise, is looked at once."""
    kept = {} if before is None else before
    key = id(prospect.rows)
    if key not in kept:
        kept[key] = looked(asked, prospect)
    return evaluation(asked, prospect.offer, kept[key].fit, kept[key].prediction)
