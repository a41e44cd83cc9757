"""The choice for a language model: every offer's accelerators at every precision that the document allows, by closed forms first.

How fast a server is, and what it carries within the limits, is `language`. What wins is simulated.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from infractl.domain.cost import Cost
from infractl.domain.figure import Figure
from infractl.domain.language_prediction import LanguageLimits, LanguagePrediction
from infractl.domain.language_profile import LanguageProfile
from infractl.domain.offer import Offer
from infractl.domain.placement import Decision, Evaluation, Placement, Prediction, Violation
from infractl.domain.precision import Precision
from infractl.domain.recipe import Recipe
from infractl.placement.bounds import Bounds, quota
from infractl.placement.gates import ANSWERING, offer_barred
from infractl.placement.ladder import language_ladder, language_recipe
from infractl.placement.language.capacity import language_capacity
from infractl.placement.language.case import Case, case
from infractl.placement.language.predict import predict_language
from infractl.placement.language.split import Split, splits
from infractl.placement.language.turn import Turn
from infractl.placement.price import dear, placed_cost
from infractl.placement.rank import ranked
from infractl.placement.shortfall import declared, settling
from infractl.placement.standing import standing
from infractl.placement.station import DERATING
from infractl.spec.service import InferenceService

SIMULATED = 2
"""Of the best, how many are simulated at least, which takes a second or so for each. The first always is."""

_UNHURRIED = 0.02
"""Of its capacity: a server so seldom asked shows what one request takes that meets no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a service of a language model asks for: requests of one shape, in tokens, their rate, and the limits of each."""

    prompt: int
    output: int
    rate_per_s: float
    rate_field: str
    limits: LanguageLimits

    @classmethod
    def of(cls, service: InferenceService) -> Wanted | Violation:
        """Or what is missing in the document."""
        spec, shapes = service.spec, service.spec.traffic.shapes
        missing = [name for name in ("prompt", "output") if name not in shapes]
        if missing:
            need = f"the usual {' and '.join(missing)} of a request, in tokens, as spec.traffic.shapes"
            return Violation(code="no-figures", need=need, have="none")
        of_tokens = (spec.slo.token_throughput or 0.0) / shapes["output"]
        peak = service.peak_per_s or 0.0
        return cls(
            prompt=shapes["prompt"],
            output=shapes["output"],
            rate_per_s=max(peak, of_tokens),
            rate_field="slo.tokenThroughput" if of_tokens > peak else "traffic.peak",
            limits=LanguageLimits(
                ttft_s=spec.slo.ttft.limits_s, tpot_s=spec.slo.tpot.limits_s, latency_s=spec.slo.latency.limits_s
            ),
        )


def place_language(
    service: InferenceService,
    profile: LanguageProfile,
    offers: Sequence[Offer],
    hopeful: Container[str] = (),
    *,
    simulated: bool = True,
) -> Decision:
    """Rank every offer and precision that keeps the limits by cost; keep the reasons against all others.

    Where nothing is `simulated`, closed forms have the last word.
    """
    wanted = Wanted.of(service)
    found = [
        _evaluated(service, profile, offer, precision, wanted)
        for offer in offers
        for precision in language_ladder(service, profile, hopeful=offer.target in hopeful)
    ]
    refused = [e for e in found if e.violations]
    rest: Sequence[Evaluation] = ranked(service, [e for e in found if not e.violations])
    closer: list[Evaluation] = []
    while simulated and rest and not _settled(service, closer, rest):
        first, *rest = rest
        seen = _closer(service, profile, first, wanted)
        (refused if seen.violations else closer).append(seen)
    best = ranked(service, [replace(e, dominated=None) for e in (*closer, *rest)])
    return Decision(ranked=best, refused=tuple(refused))


def _settled(service: InferenceService, closer: Sequence[Evaluation], rest: Sequence[Evaluation]) -> bool:
    """Whether the best of all was simulated, and enough beside it."""
    return len(closer) >= SIMULATED and any(ranked(service, (*closer, *rest))[0] is each for each in closer)


def _evaluated(
    service: InferenceService, profile: LanguageProfile, offer: Offer, precision: Precision, wanted: Wanted | Violation
) -> Evaluation:
    """With its chips as one server or as several: the fewest replicas, of as many the fewest servers, which are the fastest."""
    recipe = language_recipe(profile, precision)
    reasons = tuple(_barred(service, offer, wanted))
    if reasons or isinstance(wanted, Violation):
        return Evaluation(offer=offer, recipe=recipe, placement=None, violations=reasons)
    cuts = splits(profile.model, offer.count) or (Split(chips=offer.count, servers=1),)
    found = [_of_split(service, profile, offer, recipe, wanted, split, simulated=False) for split in reversed(cuts)]
    return min(found, key=lambda e: (bool(e.violations), e.placement.replicas if e.placement else math.inf))


def _closer(service: InferenceService, profile: LanguageProfile, found: Evaluation, wanted: Wanted | Violation) -> Evaluation:
    """The same, simulated."""
    assert found.placement is not None and isinstance(wanted, Wanted), "what is feasible has a placement"
    servers = found.placement.instances
    split = Split(chips=found.offer.count // servers, servers=servers)
    return _of_split(service, profile, found.offer, found.recipe, wanted, split, simulated=True)


def _of_split(
    service: InferenceService,
    profile: LanguageProfile,
    offer: Offer,
    recipe: Recipe,
    wanted: Wanted,
    split: Split,
    *,
    simulated: bool,
) -> Evaluation:
    server = case(profile, offer.chip, split.chips, recipe.dtype, prompt=wanted.prompt, output=wanted.output)
    if isinstance(server, Violation):
        return Evaluation(offer=offer, recipe=recipe, placement=None, violations=(server,))
    return _sized(service, offer, recipe, wanted, server, split.servers, simulated=simulated)


def _barred(service: InferenceService, offer: Offer, wanted: Wanted | Violation) -> Iterator[Violation]:
    yield from offer_barred(service, offer)
    if offer.chip.cores:
        yield Violation(code="no-figures", need="the speed of a language model on an accelerator", have=offer.chip.name)
    if short := quota(service, offer):
        yield short
    if isinstance(wanted, Violation):
        yield wanted


def _sized(
    service: InferenceService, offer: Offer, recipe: Recipe, wanted: Wanted, server: Case, servers: int, *, simulated: bool
) -> Evaluation:
    """With as many replicas as the rate needs at the slow end of what the servers of each carry."""

    def refused(*reasons: Violation) -> Evaluation:
        return Evaluation(offer=offer, recipe=recipe, placement=None, violations=reasons)

    capacity = language_capacity(server, wanted.limits, simulated=simulated).scaled(servers)
    bounds, planned = Bounds.of(service, offer), DERATING * capacity.low
    if planned <= 0:
        return refused(*_slow(service, offer, wanted, server, capacity))
    needed = max(bounds.least, math.ceil(wanted.rate_per_s / planned - 1e-9))
    if needed > bounds.most:
        need = declared(wanted.rate_per_s, "1/s", f"spec.{wanted.rate_field}")
        return refused(Violation(code="throughput-short", need=need, have=capacity.scaled(DERATING * bounds.most)))
    stands = standing(service, offer, needed, planned)
    if isinstance(stands, Violation):
        return refused(stands)
    predicted = predict_language(server, wanted.rate_per_s / needed / servers, simulated=simulated)
    if isinstance(predicted, Violation):
        return refused(predicted)
    fleet = stands.fleet
    fixed = fleet.floor == fleet.ceiling
    made = Placement(
        offer=offer,
        recipe=recipe,
        replicas=fleet.ceiling,
        batch=predicted.batch_limit,
        instances=servers,
        threads=1,
        prediction=_prediction(predicted, wanted, capacity, needed),
        cost=Cost(floor=(), expected=(), ceiling=()),
        least_replicas=None if fixed else fleet.floor,
        expected_replicas=None if fixed else fleet.expected,
        mode=next(mode for mode in offer.modes if mode in ANSWERING[service.spec.mode]),
    )
    placement = replace(made, cost=placed_cost(made))
    return Evaluation(offer=offer, recipe=recipe, placement=placement, violations=dear(service, placement.cost))


def _prediction(predicted: LanguagePrediction, wanted: Wanted, capacity: Figure, replicas: int) -> Prediction:
    return Prediction(
        rate_per_s=wanted.rate_per_s,
        latency_s=predicted.latency_s,
        capacity_per_s=capacity.scaled(DERATING * replicas),
        memory_bytes=predicted.memory_bytes,
        utilization=predicted.utilization,
        ttft_s=predicted.ttft_s,
        tpot_s=predicted.tpot_s,
    )


def _slow(service: InferenceService, offer: Offer, wanted: Wanted, server: Case, capacity: Figure) -> Iterator[Violation]:
    """What not even a lone request keeps: surely, or as far as is known."""
    alone = predict_language(server, _UNHURRIED * server.rate(Turn.capacity_per_s).low, simulated=False)
    if isinstance(alone, Violation):
        yield alone
        return
    remedy = settling(service.name, offer) if capacity.high > 0 else ""
    pairs: tuple[tuple[str, Mapping[int, float], Mapping[int, Figure]], ...] = (
        ("ttft", wanted.limits.ttft_s, alone.ttft_s),
        ("tpot", wanted.limits.tpot_s, alone.tpot_s),
        ("latency", wanted.limits.latency_s, alone.latency_s),
    )
    for name, limits, figures in pairs:
        for percentile, limit in limits.items():
            have = figures.get(percentile)
            if have is not None and have.high > limit:
                need = declared(limit, "s", f"spec.slo.{name}.p{percentile}")
                if have.low <= limit:
                    yield Violation(code="needs-measurement", need=need, have=have, remedy=remedy)
                else:
                    yield Violation(code="service-time-over-slo", need=need, have=have)
