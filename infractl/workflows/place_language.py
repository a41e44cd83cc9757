"""A language model's way from its document to what is decided of it. Nothing is built, and nothing is applied yet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infractl.domain.artifact import Artifact
from infractl.domain.measurement import Measurements
from infractl.placement.ladder import given_precision, language_recipe
from infractl.spec.load import LoadedService
from infractl.spec.section.model import Format
from infractl.tensors import Signature
from infractl.workflows.decided import decided, spec_digest
from infractl.workflows.decision import Decided
from infractl.workflows.model_check import check_digest, check_shapes
from infractl.workflows.offers import offers_of
from infractl.workflows.workspace import Workspace

if TYPE_CHECKING:
    from infractl.domain.language_profile import LanguageProfile

CONFIG = "config.json"


def is_language(loaded: LoadedService) -> bool:
    """Whether the service's model is a language model's config.json, or a directory that has one."""
    model, path = loaded.service.spec.model, loaded.model_path
    if model is None or path is None:
        return False
    return model.actual_format is Format.huggingface or path.name == CONFIG or (path / CONFIG).is_file()


def language_directory(workspace: Workspace, loaded: LoadedService) -> Path | None:
    """Where a language model's config.json lies, if the service has one and a target that only plans may place it.

    A target that applies serves none yet, which is told where there is no other.
    """
    if loaded.service.spec.mode != "realtime" or not is_language(loaded):
        return None
    return loaded.model_path if any(not opened.provider.kinds for opened in workspace.targets_of(loaded)) else None


def decide_language(workspace: Workspace, loaded: LoadedService, path: Path) -> Decided:
    """Every offer of the targets that only plan, evaluated. Raises ModelError for the model's files, ProviderError."""
    from infractl.profile.huggingface import profile_huggingface

    kept = workspace.reuse.language_profiles
    profile = kept[path] = kept.get(path) or profile_huggingface(path)
    check_digest(loaded, profile.digest)
    check_shapes(loaded, ("prompt", "output"))
    targets = {t.target.name: t for t in workspace.targets_of(loaded) if not t.provider.kinds}
    offers = tuple(offer for opened in targets.values() for offer in offers_of(workspace, opened))
    key = (spec_digest(loaded), profile.digest, tuple(offer.key for offer in offers))
    decisions, known = workspace.reuse.decisions, Measurements(calibrations={})
    if key not in decisions:
        decisions[key] = decided(loaded, profile, offers, known, None, tuple(targets))
    return Decided(
        profile=profile,
        decision=decisions[key],
        offers=offers,
        known=known,
        recorded=None,
        targets=targets,
        hopeful=tuple(targets),
    )


def named_by_config(profile: LanguageProfile) -> Artifact:
    """What is named by its config: no store keeps the weights."""
    return Artifact(
        digest=profile.digest,
        size_bytes=int(profile.weight_bytes),
        format="huggingface",
        recipe=language_recipe(profile, given_precision(profile)),
        signature=Signature(inputs=(), outputs=()),
        source_digest=profile.digest,
    )
