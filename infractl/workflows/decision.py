"""What was decided of a service, with all that it takes to decide it anew with other demands."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from infractl.domain.language_profile import LanguageProfile
from infractl.domain.measurement import Measurements
from infractl.domain.offer import Offer
from infractl.domain.placement import Decision, Evaluation, Nearest, Placement
from infractl.domain.profile import ModelProfile
from infractl.placement.sticky import sticky
from infractl.spec.load import LoadedService
from infractl.spec.service import InferenceService
from infractl.workflows.workspace import OpenTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What was decided of a service, and by what. `recorded` is the deployed placement that still counts.

    At `hopeful` targets what a model could be made into was costed as well.
    """

    profile: ModelProfile | LanguageProfile
    decision: Decision
    offers: tuple[Offer, ...]
    known: Measurements
    recorded: Placement | None
    targets: Mapping[str, OpenTarget]
    hopeful: tuple[str, ...]

    def chosen(self, loaded: LoadedService) -> Evaluation | None:
        """The recorded placement while it holds, else the best; None where nothing is feasible."""
        return sticky(self.decision, self.recorded, loaded.service.spec.replan.tolerance) if self.decision.ranked else None

    def anew(self, service: InferenceService, recorded: Placement | None = None) -> Decision:
        """The whole decision of a document that may ask for something else of the same model."""
        return decide(service, self.profile, self.offers, self.known, recorded, self.hopeful)

    def roughly(self, service: InferenceService) -> Decision:
        """The best as `anew` finds it, not simulated where that takes seconds: for what is asked many times."""
        return decide(service, self.profile, self.offers, self.known, None, self.hopeful, closely=False, listed=0)

    def nearest(self, service: InferenceService) -> tuple[Nearest, ...]:
        """What would hold where nothing does."""
        from infractl.placement.relax import relaxations

        return relaxations(service, self.roughly, self.anew if isinstance(self.profile, LanguageProfile) else None)


def decide(
    service: InferenceService,
    profile: ModelProfile | LanguageProfile,
    offers: Sequence[Offer],
    known: Measurements,
    recorded: Placement | None = None,
    hopeful: Container[str] = (),
    *,
    closely: bool = True,
    listed: int | None = None,
) -> Decision:
    """Every offer evaluated for the model, whatever sort of model it is; `listed` as in `place`."""
    # What places takes as long to import as a short command lasts, and most find all decided.
    if isinstance(profile, LanguageProfile):
        from infractl.placement.place_language import place_language

        return place_language(service, profile, offers, hopeful, simulated=closely)
    from infractl.placement.place import place

    return place(service, profile, offers, known, recorded, hopeful=hopeful, listed=listed)
