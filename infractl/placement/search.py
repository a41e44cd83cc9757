"""The search among many offers: the table of batching queues says what each may cost, and the chain looks at those that may win.

Nothing is left out that could be chosen. An offer whose least possible cost is above what the best one costs is never looked at
closer, and what is told of it is by the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
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
from infractl.placement.predict import figure, predict
from infractl.placement.service_time import End, gaps
from infractl.placement.shape import Shape, shapes
from infractl.placement.shortfall import declared, memory_short, settling, usable_bytes
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outlook:
    """A machine with a recipe as the table sees it: no fewer than `least` replicas, likely `likely`, and with these its p99.

    By shape, `fewest` and `counts` are the replicas that it needs at least and likely, and `may` says whether it can do at all.
    """

    speed: Speed
    cuts: Sequence[Shape]
    least: int
    likely: int
    p99_s: float
    fewest: Array
    counts: Array
    may: Array

    def rows(self, most: int) -> list[tuple[int, int, int]]:
        """Of each shape that may keep the demand, with at most so many replicas: its least, its likely ones, and its number."""
        numbers = [number for number, may in enumerate(self.may.tolist()) if may]
        return [(int(min(self.fewest[n], MOST)), int(min(self.counts[n], most)), n) for n in numbers]


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
    keys = [_machine(offer, speed) for offer, _, speed in tried]
    kinds = dict(zip(reversed(keys), reversed(tried), strict=True))
    seen = dict(zip(kinds, _outlooks(asked, list(kinds.values())), strict=True))
    found: list[Prospect] = []
    refused: list[Evaluation] = []
    for of, key in zip(tried, keys, strict=True):
        outlook = seen[key]
        if isinstance(outlook, Outlook):
            found.append(Prospect(of[0], of[1], outlook))
        else:
            refused.append(_refused(asked, of, outlook))
    return found, refused


def _machine(offer: Offer, speed: Speed) -> tuple[int, ...]:
    chip, available = offer.chip, -1 if offer.available is None else offer.available
    memory = (chip.memory_bytes, offer.host_memory_bytes)
    return (id(speed), chip.cores, offer.count, offer.host_cores, *memory, available)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hopeless:
    """A machine of which no shape can keep the demand: which ones its memory holds, and the replicas they need at least."""

    cuts: Sequence[Shape]
    swept: Sweep
    fits: Array
    fewest: Array


def _outlooks(asked: Question, kinds: Sequence[tuple[Offer, Recipe, Speed]]) -> list[Outlook | Hopeless]:
    import numpy as np

    if not kinds:
        return []
    demand = Demand.of(asked.service)
    cuts = [shapes(asked.service, asked.profile, offer) for offer, _, _ in kinds]
    sweeps = [
        sweep(asked.profile, offer, speed, each, demand.extents) for (offer, _, speed), each in zip(kinds, cuts, strict=True)
    ]
    several = list({id(each): each for each in sweeps}.values())
    starts = dict(zip(map(id, several), accumulate((len(each.shapes) for each in several), initial=0), strict=False))
    whole = Sweep.together(several)
    most, likely = whole.capacity_per_s(demand.limits_s, demand.rate_per_s)
    if finalist.is_hard(demand):
        most, likely = _played(demand, whole, most, likely)
    sizes = np.array([len(each.shapes) for each in sweeps])
    begins = np.cumsum(sizes) - sizes
    # One row for every machine's every shape.
    rows = np.arange(sizes.sum()) + np.repeat([starts[id(each)] for each in sweeps] - begins, sizes)
    bounds = [Bounds.of(asked.service, offer) for offer, _, _ in kinds]
    fits = whole.memory_bytes[rows] <= np.repeat([usable_bytes(offer) for offer, _, _ in kinds], sizes)
    fewest = np.maximum(np.repeat([b.least for b in bounds], sizes), _replicas(demand.rate_per_s, most[rows]))
    may = fits & (most[rows] > 0) & (fewest <= np.repeat([b.most for b in bounds], sizes))
    counts = np.maximum(fewest, _replicas(demand.rate_per_s, likely[rows]))
    least, some, best = _best(may, fewest, counts, begins)
    replicas = [max(1, int(min(count, each.most))) for count, each in zip(some, bounds, strict=True)]
    p99_s = _loaded_s(whole, rows[best], demand.rate_per_s / np.array(replicas, float))

    def made(number: int, part: slice) -> Outlook | Hopeless:
        if least[number] == np.inf:
            return Hopeless(cuts=cuts[number], swept=sweeps[number], fits=fits[part], fewest=fewest[part])
        return Outlook(
            speed=kinds[number][2],
            cuts=cuts[number],
            least=int(least[number]),
            likely=replicas[number],
            p99_s=p99_s[number],
            fewest=fewest[part],
            counts=counts[part],
            may=may[part],
        )

    ends = (begins + sizes).tolist()
    return [made(number, slice(*part)) for number, part in enumerate(zip(begins.tolist(), ends, strict=True))]


def _best(may: Array, fewest: Array, counts: Array, begins: Array) -> tuple[list[float], list[float], Array]:
    """Of each machine's shapes, which begin at `begins`: the least replicas, the fewest likely ones, and the row of those."""
    import numpy as np

    least = np.minimum.reduceat(np.where(may, fewest, np.inf), begins)
    some = np.minimum.reduceat(np.where(may, counts, np.inf), begins)
    sizes = np.diff(begins, append=len(may))
    # Of as many the simplest, which comes first.
    is_best = may & (counts == np.repeat(some, sizes))
    best = np.minimum.reduceat(np.where(is_best, np.arange(len(may)), len(may) - 1), begins)
    return least.tolist(), some.tolist(), best


def _loaded_s(whole: Sweep, rows: Array, rate_per_s: Array) -> list[float]:
    """The p99 of each of the rows at its rate; where its queue does not settle there, alone."""
    import numpy as np

    p99 = PERCENTILES.index(99)
    loaded_s = whole.slow.rows(rows).latency_s(rate_per_s)[:, p99]
    found: list[float] = np.where(np.isfinite(loaded_s), loaded_s, whole.alone_s[End.high][rows, p99]).tolist()
    return found


def _played(demand: Demand, whole: Sweep, most: Array, likely: Array) -> tuple[Array, Array]:
    """What one replica carries of traffic in bursts, at most and likely. The most is no bound: it has the slack that it has."""
    import numpy as np

    rate = demand.rate_per_s
    least = np.clip(np.ceil(rate / np.maximum(most, 1e-300) - 1e-9), 1, MOST).astype(int)
    each = rate / finalist.replicas(whole.slow, demand, least, MOST)
    return np.minimum(most, finalist.SLACK * each), np.minimum(likely, each)


def _replicas(rate_per_s: float, capacity_per_s: Array) -> Array:
    import numpy as np

    found: Array = np.ceil(rate_per_s / np.maximum(capacity_per_s, 1e-300) - 1e-9)
    return found


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
