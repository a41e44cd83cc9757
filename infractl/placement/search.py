"""The search among many offers: the table of batching queues says what each may cost, and the chain looks at those that may win.

Nothing is left out that could be chosen. An offer whose least possible cost is above what the best one costs is never looked at
closer, and what is told of it is by the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from infractl.domain.offer import Offer
from infractl.domain.placement import Evaluation, Prediction, Violation
from infractl.domain.recipe import Recipe
from infractl.placement import finalist
from infractl.placement.bounds import MOST, Bounds
from infractl.placement.candidate import Candidate
from infractl.placement.demand import Demand
from infractl.placement.evaluate import Question, candidate, evaluation
from infractl.placement.fit import Fit, Trial, nearest_fit
from infractl.placement.outlook import Hopeless, Outlook, outlooks
from infractl.placement.predict import figure, predict
from infractl.placement.service_time import End, gaps
from infractl.placement.shape import Shape
from infractl.placement.shortfall import declared, memory_short, settling
from infractl.placement.speed import Speed
from infractl.placement.station import PERCENTILES, PLANNED_SHARE
from infractl.placement.sweep import Sweep

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was found, and what it is predicted to give."""

    fit: Fit
    prediction: Prediction | None


class Prospect(NamedTuple):
    """An offer and recipe, and what is seen of all that are the same machine. There are a thousand, so that it is a tuple."""

    offer: Offer
    recipe: Recipe
    outlook: Outlook


def tabled(asked: Question) -> bool:
    """Whether the table may stand for offers at first: batches wait for nothing, and what is promised is costed in full."""
    demand = Demand.of(asked.service)
    return not demand.delay_s and not (demand.promised and gaps(asked.profile, demand.extents))


def sweepable(asked: Question, offer: Offer, speed: Speed) -> bool:
    """Whether it may stand for this chip: of a data sheet, and nothing of the model was measured there."""
    of = (asked.profile.digest, offer.chip.name)
    return speed.sheet is not None and not any((m.artifact, m.chip) == of for m in asked.known.measurements)


def prospects(asked: Question, tried: Sequence[tuple[Offer, Recipe, Speed]]) -> tuple[list[Prospect], list[Evaluation]]:
    """What may keep the demand, and what surely does not, with its reasons."""
    # The same machine in another region, or bought otherwise, is looked at once.
    machines = {id(offer): _machine(offer) for offer, _, _ in tried}
    keys = [(id(speed), machines[id(offer)]) for offer, _, speed in tried]
    kinds = dict(zip(reversed(keys), reversed(tried), strict=True))
    seen = dict(zip(kinds, outlooks(asked, [(offer, speed) for offer, _, speed in kinds.values()]), strict=True))
    found: list[Prospect] = []
    refused: list[Evaluation] = []
    for of, key in zip(tried, keys, strict=True):
        outlook = seen[key]
        if isinstance(outlook, Outlook):
            found.append(Prospect(of[0], of[1], outlook))
        else:
            refused.append(_refused(asked, of, outlook))
    return found, refused


def _machine(offer: Offer) -> tuple[int | None, ...]:
    chip = offer.chip
    return (chip.cores, offer.count, offer.host_cores, chip.memory_bytes, offer.host_memory_bytes, offer.available)


def _refused(asked: Question, of: tuple[Offer, Recipe, Speed], seen: Hopeless) -> Evaluation:
    found = _against(asked, Demand.of(asked.service), of, seen.cuts, seen.swept, seen.fits)
    if found.violations:
        return found
    # A limit that is kept alone and missed under the load that few replicas have is the chain's to judge.
    offer, recipe, speed = of
    outlook = Outlook(
        speed=speed,
        cuts=seen.cuts,
        least=int(min(seen.fewest[seen.fits].min(), MOST)),
        likely=int(min(seen.fewest[seen.fits].min(), MOST)),
        p99_s=float(seen.swept.alone_s[End.high][seen.fits, PERCENTILES.index(99)][0]),
        fewest=seen.fewest,
        counts=seen.fewest,
        may=seen.fits,
    )
    return look(asked, Prospect(offer, recipe, outlook))


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
    remedy = settling(asked.service.name, offer)
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
    service, offer, outlook = asked.service, prospect.offer, prospect.outlook
    demand, bounds = Demand.of(service), Bounds.of(service, offer)

    def trial(least: int, likely: int, number: int) -> Trial:
        shape = outlook.cuts[number]
        return Trial(
            least=least,
            likely=likely,
            complexity=shape.complexity,
            make=lambda: candidate(service, asked.profile, offer, prospect.recipe, outlook.speed, shape),
        )

    tried = [trial(*row) for row in outlook.rows(bounds.most)]
    found = finalist.best(tried, demand, bounds) or nearest_fit(finalist.nearest(tried, demand, bounds), demand, bounds)
    return Look(fit=found, prediction=predict(found.candidate, found.demand))


def look(asked: Question, prospect: Prospect, before: dict[int, Look] | None = None) -> Evaluation:
    """What a closer look finds; the same machine in another region, or bought otherwise, is looked at once."""
    kept = {} if before is None else before
    key = id(prospect.outlook)
    if key not in kept:
        kept[key] = looked(asked, prospect)
    return evaluation(asked, prospect.offer, kept[key].fit, kept[key].prediction)
