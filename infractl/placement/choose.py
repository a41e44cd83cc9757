"""Which offers are looked at closer, and in which order: until what is left cannot cost less than the best that was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from infractl.domain.offer import Offer
from infractl.domain.placement import Dominated, Evaluation, Violation
from infractl.domain.recipe import Recipe
from infractl.domain.unknown import Unknown
from infractl.placement.bounds import Bounds
from infractl.placement.evaluate import Question, barred, evaluate
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
    """Evaluations by the chain, and those of feasible offers that the table alone shows to cost more; both with refused ones."""

    evaluations: tuple[Evaluation, ...]
    outpriced: tuple[Evaluation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Priced:
    """A prospect, the least that it can cost, and what it is likely to."""

    prospect: Prospect
    least: Money | Unknown
    likely: Money | Unknown


def chosen(asked: Question, pairs: Sequence[tuple[Offer, Recipe]]) -> Chosen:
    """Every pair evaluated, as closely as the choice needs it."""
    evaluations: list[Evaluation] = []
    swept: list[tuple[Offer, Recipe, Speed]] = []
    by_table = tabled(asked)
    for offer, recipe in pairs:
        speed = asked.speed(offer, recipe)
        if isinstance(speed, Unknown) or not by_table or not sweepable(asked, offer, speed):
            evaluations.append(evaluate(asked, offer, recipe))
        elif reasons := tuple(barred(asked.service, asked.profile, offer, recipe, asked.known)):
            evaluations.append(Evaluation(offer=offer, recipe=recipe, placement=None, violations=reasons))
        else:
            swept.append((offer, recipe, speed))
    found, refused = prospects(asked, swept)
    closer, left = _closer(asked, evaluations, [_priced(asked, prospect) for prospect in found])
    evaluations += [*refused, *closer]
    return _outpriced(asked, evaluations, left)


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
        compares = isinstance(each.least, Money) and each.least.currency == currency
        beaten = best is not None and (not compares or (isinstance(each.least, Money) and each.least.amount > best))
        if (beaten and len(looked) >= LOOKED_AT) or (best is None and not compares and len(feasible) >= LOOKED_AT):
            return looked, order[number:]
        looked.append(look(asked, each.prospect, seen))
        if not looked[-1].violations:
            feasible.append(looked[-1])
    return looked, []


def _order(each: _Priced, currency: str | None) -> tuple[bool, Decimal, float]:
    if isinstance(each.least, Unknown) or each.least.currency != currency:
        return (True, Decimal(each.prospect.likely), each.prospect.p99_s)
    return (False, each.least.amount, each.prospect.p99_s)


def _currency(priced: Sequence[_Priced]) -> str | None:
    return next((each.least.currency for each in priced if isinstance(each.least, Money)), None)


def _priced(asked: Question, prospect: Prospect) -> _Priced:
    """By what stands there all the time, or as little as moving replicas can be on average."""
    offer = prospect.offer
    each = _monthly(Same(offer))
    if isinstance(each, Unknown):
        return _Priced(prospect=prospect, least=each, likely=each)
    part, least = 1.0, float(prospect.least)
    if moves(asked.service) and not Bounds.of(asked.service, offer).is_fixed:
        part = mean_factor(season(asked.service))
        least = max(1.0, part * (prospect.least - 1))
    likely = max(1.0, part * prospect.likely)
    return _Priced(
        prospect=prospect,
        least=Money(amount=each.amount * Decimal(repr(least)), currency=each.currency),
        likely=Money(amount=each.amount * Decimal(repr(likely)), currency=each.currency),
    )


@lru_cache(maxsize=8192)
def _monthly(offer: Same) -> Money | Unknown:
    """The least that one of it costs."""
    return monthly_cost(offer.value, 1).floor_amount


def _outpriced(asked: Question, evaluations: Sequence[Evaluation], left: Sequence[_Priced]) -> Chosen:
    """What was not looked at closer is dominated by the best, or over the budget by what the table says."""
    feasible = ranked(asked.service, [e for e in evaluations if not e.violations])
    refused: list[Evaluation] = []
    outpriced: list[Evaluation] = []
    by = _By.of(feasible[0]) if feasible else None
    for each in left:
        prospect = each.prospect
        short = _dear(asked, each.likely)
        made = Evaluation(
            offer=prospect.offer,
            recipe=prospect.recipe,
            placement=None,
            violations=(short,) if short else (),
            dominated=by.over(each) if by and not short else None,
        )
        (refused if short else outpriced).append(made)
    return Chosen(evaluations=(*evaluations, *refused), outpriced=tuple(outpriced))


def _dear(asked: Question, likely: Money | Unknown) -> Violation | None:
    budget = budgeted(asked.service)
    if budget is None:
        return None
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
        likely, dearer = each.likely, Unknown("it does not compare")
        slower_s = each.prospect.p99_s - self.p99_s
        if isinstance(likely, Unknown):
            dearer = likely
        elif isinstance(self.cost, Money) and self.cost.currency == likely.currency:
            more = Money(amount=likely.amount - self.cost.amount, currency=likely.currency)
            return Dominated(by=self.name, dearer=more, slower_s=slower_s)
        return Dominated(by=self.name, dearer=dearer, slower_s=slower_s)
