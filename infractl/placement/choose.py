"""Which offers are looked at closer, and in which order: until what is left cannot cost less than the best that was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from infractl.domain.offer import Offer, Purchase
from infractl.domain.placement import Dominated, Evaluation, Violation
from infractl.domain.recipe import Recipe
from infractl.domain.unknown import Unknown
from infractl.placement.bounds import Bounds, quota
from infractl.placement.evaluate import Question, barred, evaluate
from infractl.placement.gates import offer_barred, recipe_barred
from infractl.placement.price import budgeted, monthly_cost
from infractl.placement.rank import compared_in, cost_of, placed, ranked
from infractl.placement.same import Same
from infractl.placement.search import Look, Prospect, look, prospects, sweepable, tabled
from infractl.placement.season import moves, season
from infractl.placement.speed import Speed
from infractl.placement.week import mean_factor
from infractl.units import Money

LOOKED_AT = 3
"""Offers that are looked at closer in any case, so that a reader sees what was nearly chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Evaluations, the refused ones with them. `outpriced` are feasible offers that the table alone shows to cost more, as many
    as were to be listed, and `omitted` counts the others.
    """

    evaluations: tuple[Evaluation, ...]
    outpriced: tuple[Evaluation, ...]
    omitted: int


class _Priced(NamedTuple):
    """A prospect, what one replica costs a month, and how many are paid for in the mean: at least, and likely."""

    prospect: Prospect
    one: Money | Unknown
    least: Decimal
    likely: Decimal

    def compares(self, currency: str | None) -> bool:
        """Whether its cost is known, and in this currency."""
        return isinstance(self.one, Money) and self.one.currency == currency

    def cost(self, replicas: Decimal) -> Money | Unknown:
        return self.one if isinstance(self.one, Unknown) else self.one.times(replicas)


def chosen(asked: Question, pairs: Sequence[tuple[Offer, Recipe]], listed: int | None) -> Chosen:
    """Every pair evaluated, as closely as the choice needs it; of what costs more, so many told of."""
    evaluations: list[Evaluation] = []
    swept: list[tuple[Offer, Recipe, Speed]] = []
    is_open: dict[int, bool] = {}
    runs: dict[tuple[int, int], bool] = {}
    by_chip: dict[tuple[int, int], Speed | None] = {}
    by_table = tabled(asked)
    for offer, recipe in pairs:
        # What is the same for every recipe, and what for every offer of the chip, is found once.
        if (one := id(offer)) not in is_open:
            is_open[one] = not any(offer_barred(asked.service, offer)) and not quota(asked.service, offer)
        if (both := (id(offer.chip), id(recipe))) not in by_chip:
            speed = asked.speed(offer, recipe) if by_table else Unknown("it is not looked up")
            by_chip[both] = None if isinstance(speed, Unknown) or not sweepable(asked, offer, speed) else speed
            runs[both] = not any(recipe_barred(offer, recipe))
        known = by_chip[both]
        if known is None or offer.metered or offer.purchase is Purchase.spot:
            evaluations.append(evaluate(asked, offer, recipe))
        elif is_open[one] and runs[both]:
            swept.append((offer, recipe, known))
        else:
            reasons = tuple(barred(asked.service, asked.profile, offer, recipe, asked.known))
            evaluations.append(Evaluation(offer=offer, recipe=recipe, placement=None, violations=reasons))
    found, refused = prospects(asked, swept)
    closer, left = _closer(asked, evaluations, _priced(asked, found))
    evaluations += [*refused, *closer]
    return _outpriced(asked, evaluations, left, listed)


def _closer(asked: Question, before: Sequence[Evaluation], priced: Sequence[_Priced]) -> tuple[list[Evaluation], list[_Priced]]:
    """From the cheapest on, until no other can be cheaper; of equal costs all, for the faster one comes first."""
    looked: list[Evaluation] = []
    seen: dict[int, Look] = {}
    feasible = [e for e in before if not e.violations]
    limit = budgeted(asked.service)
    currency = compared_in(asked.service, feasible) or _currency(priced)
    order = sorted(priced, key=lambda each: _order(each, currency))
    for number, each in enumerate(order):
        costs = [c for e in feasible if isinstance(c := cost_of(e), Money)] + ([limit] if limit else [])
        best = min((cost.amount for cost in costs if cost.currency == currency), default=None)
        least = each.cost(each.least) if each.compares(currency) else None
        beaten = best is not None and not (isinstance(least, Money) and least.amount <= best)
        if (beaten and len(looked) >= LOOKED_AT) or (best is None and least is None and len(feasible) >= LOOKED_AT):
            return looked, order[number:]
        looked.append(look(asked, each.prospect, seen))
        if not looked[-1].violations:
            feasible.append(looked[-1])
    return looked, []


def _order(each: _Priced, currency: str | None) -> tuple[bool, Decimal, float]:
    outlook = each.prospect.outlook
    if isinstance(each.one, Unknown) or each.one.currency != currency:
        return (True, Decimal(outlook.likely), outlook.p99_s)
    return (False, each.one.amount * each.least, outlook.p99_s)


def _currency(priced: Sequence[_Priced]) -> str | None:
    return next((each.one.currency for each in priced if isinstance(each.one, Money)), None)


def _priced(asked: Question, found: Sequence[Prospect]) -> list[_Priced]:
    """By what stands there all the time, or as little as moving replicas can be on average."""
    moving = moves(asked.service) and found and not Bounds.of(asked.service, found[0].offer).is_fixed
    part = mean_factor(season(asked.service)) if moving else None

    def paid(prospect: Prospect) -> tuple[Decimal, Decimal]:
        least, likely = float(prospect.outlook.least), max(1.0, float(prospect.outlook.likely))
        if part is not None:
            least, likely = max(1.0, part * (least - 1)), max(1.0, part * likely)
        return _decimal(least), _decimal(likely)

    return [_Priced(prospect, _monthly(Same(prospect.offer)), *paid(prospect)) for prospect in found]


@lru_cache(maxsize=8192)
def _decimal(count: float) -> Decimal:
    return Decimal(repr(count))


@lru_cache(maxsize=8192)
def _monthly(offer: Same) -> Money | Unknown:
    """The least that one of it costs."""
    return monthly_cost(offer.value, 1).floor_amount


def _outpriced(asked: Question, evaluations: Sequence[Evaluation], left: Sequence[_Priced], listed: int | None) -> Chosen:
    """What was not looked at closer is dominated by the best, or over the budget by what the table says."""
    feasible = ranked(asked.service, [e for e in evaluations if not e.violations])
    by = _By.of(feasible[0]) if feasible else None
    budget = budgeted(asked.service)
    shorts = [_dear(budget, each.cost(each.likely)) if budget else None for each in left]
    refused = [_unlooked(each, violations=(short,)) for each, short in zip(left, shorts, strict=True) if short]
    dearer = [each for each, short in zip(left, shorts, strict=True) if not short]
    outpriced = tuple(_unlooked(each, dominated=by.over(each) if by else None) for each in dearer[:listed])
    return Chosen(evaluations=(*evaluations, *refused), outpriced=outpriced, omitted=len(dearer) - len(outpriced))


def _unlooked(each: _Priced, violations: tuple[Violation, ...] = (), dominated: Dominated | None = None) -> Evaluation:
    offer, recipe, _ = each.prospect
    return Evaluation(offer=offer, recipe=recipe, placement=None, violations=violations, dominated=dominated)


def _dear(budget: Money, likely: Money | Unknown) -> Violation | None:
    if isinstance(likely, Unknown) or likely.currency != budget.currency:
        have = likely.why if isinstance(likely, Unknown) else f"one in {likely.currency}"
        return Violation(code="price-unknown", need=f"a price, to keep {budget} a month", have=have)
    return Violation(code="over-budget", need=budget, have=likely) if likely.amount > budget.amount else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _By:
    """The chosen one, as others are compared with it."""

    name: str
    cost: Money | Unknown
    p99_s: float

    @classmethod
    def of(cls, best: Evaluation) -> _By:
        p99_s = placed(best).prediction.latency_s[99].high
        return cls(name=f"{best.offer.name} with {best.recipe.name}", cost=cost_of(best), p99_s=p99_s)

    def over(self, each: _Priced) -> Dominated:
        """By the table: what the chosen one costs less, and how much sooner it answers."""
        slower_s = each.prospect.outlook.p99_s - self.p99_s
        if isinstance(each.one, Unknown):
            dearer: Money | Unknown = each.one
        elif isinstance(self.cost, Money) and self.cost.currency == each.one.currency:
            dearer = Money(amount=each.one.amount * each.likely - self.cost.amount, currency=each.one.currency)
        else:
            dearer = Unknown("it does not compare")
        return Dominated(by=self.name, dearer=dearer, slower_s=slower_s)
