"""The choice among offers: every one evaluated, the feasible ranked by cost, the reasons against the others kept."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace

from infractl.domain.hardware_class import HardwareClass
from infractl.domain.measurement import Measurements
from infractl.domain.offer import Offer, Purchase
from infractl.domain.placement import DOMINATED, Decision, Evaluation, Placement, Violation
from infractl.domain.profile import ModelProfile
from infractl.domain.recipe import AS_GIVEN, Recipe
from infractl.placement.carried import Carried, carried
from infractl.placement.choose import chosen
from infractl.placement.evaluate import Question, candidates, evaluate_recorded
from infractl.placement.ladder import ladder
from infractl.placement.rank import ranked
from infractl.spec.service import InferenceService


def place(
    service: InferenceService,
    profile: ModelProfile,
    offers: Sequence[Offer],
    known: Measurements,
    recorded: Placement | None = None,
    recipes: Sequence[Recipe] | None = None,
    hopeful: Container[str] = (),
    listed: int | None = None,
) -> Decision:
    """Rank every offer and recipe that meets the demands by cost; keep the reasons against all others.

    A `recorded` placement is predicted anew in its own shape, and ranked beside the best shape of its offer where it is feasible.
    `hopeful` are targets that nothing is applied at yet: there, what a model could be made into is costed as well, though
    nobody has built it. Elsewhere it is the model as it is given; `recipes` are costed instead where they are named. Of what is
    surely dearer than the best `listed` are told of, and the others are counted; None, all are.
    """
    beside = {(o.target, o.name, o.region): o for o in offers if o.purchase is Purchase.on_demand}
    asked = Question(
        service=service, profile=profile, known=known, beside=beside, carried=_carried(service, profile, offers, known)
    )

    ladders: dict[tuple[int, bool], Sequence[Recipe]] = {}

    def rungs(offer: Offer) -> Sequence[Recipe]:
        key = (id(offer.chip), offer.target in hopeful)
        if key not in ladders:
            tried = known.tried.get(offer.chip.name, ())
            ladders[key] = recipes or ladder(service, profile, offer.chip, hopeful=key[1], tried=tried)
        return ladders[key]

    looked = chosen(asked, [(offer, recipe) for offer in offers for recipe in rungs(offer)], listed)
    evaluations = [_proven(e, known) for e in looked.evaluations] + [*_given_up(offers, known)]
    # The recorded placement on today's offer of the same name, if it still is one and its recipe is still on the ladder.
    same = next((o for o in offers if recorded is not None and o.key == recorded.offer.key), None)
    counts = recorded is not None and same is not None and recorded.recipe in rungs(same)
    again = evaluate_recorded(asked, same, recorded) if recorded is not None and same is not None and counts else None
    again = _proven(again, known) if again is not None else None
    if again is not None and not again.violations and again not in evaluations:
        evaluations.append(again)
    feasible = ranked(service, [e for e in evaluations if not e.violations])
    return Decision(
        ranked=feasible,
        refused=tuple(e for e in evaluations if e.violations),
        outpriced=looked.outpriced,
        omitted={DOMINATED: looked.omitted} if looked.omitted else {},
        given_up=again if again is not None and again.violations else None,
    )


def _proven(evaluation: Evaluation, known: Measurements) -> Evaluation:
    """With what held-out rows said of the recipe's answers."""
    made = known.made(evaluation.offer.chip.name, evaluation.recipe)
    return replace(evaluation, accuracy=made.accuracy) if made else evaluation


def _given_up(offers: Sequence[Offer], known: Measurements) -> Iterable[Evaluation]:
    """The recipes that came to nothing on a chip, told of the first offer that has it."""
    first: dict[str, Offer] = {}
    for offer in offers:
        first.setdefault(offer.chip.name, offer)
    for chip, offer in first.items():
        for tried in known.tried.get(chip, ()):
            if tried.refusal:
                why = Violation(code="recipe-refused", need="an artifact that passes both gates", have=tried.refusal.why)
                yield Evaluation(offer=offer, recipe=tried.recipe, placement=None, violations=(why,))


def _carried(
    service: InferenceService, profile: ModelProfile, offers: Sequence[Offer], known: Measurements
) -> Mapping[HardwareClass, Carried]:
    """What was measured of the model on one of the offers' chips, for those that it was not measured on."""
    names = {m.chip for m in known.measurements if m.artifact == profile.digest}
    on = list({offer.chip.name: offer for offer in offers if offer.chip.name in names}.values())
    found = [(tried[0], offer) for offer in on if (tried := candidates(service, profile, offer, AS_GIVEN, known))]
    return carried([each for each, _ in found], [offer.chip.hardware_class for _, offer in found])
