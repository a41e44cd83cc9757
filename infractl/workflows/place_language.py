"""A language model's way from its document to what is wanted: profile and place. Nothing is built, and nothing is applied yet."""

from __future__ import annotations

from pathlib import Path

from infractl.domain.artifact import Artifact
from infractl.domain.language_profile import LanguageProfile
from infractl.domain.recipe import Recipe
from infractl.domain.release import Deployment
from infractl.errors import InfeasibleError
from infractl.placement.configure import configure
from infractl.placement.evidence import Evidence
from infractl.spec.load import LoadedService
from infractl.spec.section.model import Format
from infractl.tensors import Signature
from infractl.workflows.offers import offers_of
from infractl.workflows.placed import Placed
from infractl.workflows.workspace import Workspace

CONFIG = "config.json"


def language_directory(workspace: Workspace, loaded: LoadedService) -> Path | None:
    """Where a language model's config.json lies, if the service has one and a target that only plans may place it.

    A target that applies serves none yet, which is told where there is no other.
    """
    spec, path = loaded.service.spec, loaded.model_path
    if spec.model is None or spec.mode != "realtime" or path is None:
        return None
    declared = spec.model.actual_format is Format.huggingface
    if not (declared or path.name == CONFIG or (path / CONFIG).is_file()):
        return None
    return path if any(not opened.provider.kinds for opened in workspace.targets_of(loaded)) else None


def place_language_service(workspace: Workspace, loaded: LoadedService, path: Path) -> Placed:
    """Raises ModelError for the model's files, InfeasibleError where no placement meets the demands."""
    from infractl.placement.ladder import given_precision, language_recipe
    from infractl.placement.place_language import place_language
    from infractl.placement.shorten import shortened
    from infractl.profile.huggingface import profile_huggingface

    profile = profile_huggingface(path)
    targets = {t.target.name: t for t in workspace.targets_of(loaded) if not t.provider.kinds}
    offers = [offer for opened in targets.values() for offer in offers_of(workspace, opened)]
    decision = shortened(place_language(loaded.service, profile, offers, hopeful=targets))
    if not decision.ranked:
        from infractl.workflows.refusal import refusal

        raise InfeasibleError(refusal(loaded, None, decision))
    placement = decision.ranked[0].placement
    assert placement is not None, "what is feasible has a placement"
    given = language_recipe(profile, given_precision(profile))
    return Placed(
        deployment=Deployment(
            project=workspace.project,
            environment=workspace.environment,
            service=loaded.service.name,
            stable=configure(loaded.service, placement, _artifact(profile, given)),
            protected=loaded.service.spec.lifecycle.protect,
        ),
        profile=profile,
        decision=decision,
        target=targets[placement.offer.target],
        calibrations=(),
        evidence=Evidence(known=(), exact=(), scaled_by=""),
    )


def _artifact(profile: LanguageProfile, given: Recipe) -> Artifact:
    """What is named by its config: no store keeps the weights."""
    return Artifact(
        digest=profile.digest,
        size_bytes=int(profile.weight_bytes),
        format="huggingface",
        recipe=given,
        signature=Signature(inputs=(), outputs=()),
        source_digest=profile.digest,
    )
