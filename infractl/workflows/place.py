"""From a service's document to the deployment that is wanted: profile, place, build, configure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from infractl.domain.artifact import Artifact
from infractl.domain.language_profile import LanguageProfile
from infractl.domain.measurement import Measurements
from infractl.domain.offer import Offer
from infractl.domain.placement import Decision, Evaluation, Placement
from infractl.domain.profile import ModelProfile
from infractl.domain.recipe import AS_GIVEN
from infractl.domain.release import Deployment
from infractl.domain.service_state import ServiceState
from infractl.errors import InfeasibleError, ModelError, RefusedError
from infractl.hardware.this_machine import this_chip
from infractl.measure.calibration_store import calibration_for
from infractl.placement.configure import configure
from infractl.placement.evidence import Evidence, evidence
from infractl.placement.sticky import identity
from infractl.profile.onnx import profile_onnx
from infractl.spec.load import LoadedService
from infractl.workflows.decided import decided, spec_digest
from infractl.workflows.decision import Decided
from infractl.workflows.model_check import check_digest, check_promises, check_shapes
from infractl.workflows.offers import offers_of
from infractl.workflows.place_language import decide_language, language_directory, named_by_config
from infractl.workflows.placed import Placed
from infractl.workflows.servable import model_file, servable_file
from infractl.workflows.workspace import Workspace

Progress = Callable[[str], None]


def decide_service(
    workspace: Workspace, loaded: LoadedService, state: ServiceState | None, progress: Progress, *, build: bool = False
) -> Decided:
    """Every offer of the service's targets evaluated. With `build` the model is optimized for those that are here.

    Raises ModelError for the model's file, DataError for that of its validation, ProviderError.
    """
    with workspace.reuse.guard:
        if directory := language_directory(workspace, loaded):
            return decide_language(workspace, loaded, directory)
        profile = _profile(workspace, loaded, servable_file(workspace, loaded))
        check_shapes(loaded, profile.dimensions)
        check_promises(loaded)
        targets = {t.target.name: t for t in workspace.targets_of(loaded)}
        offers = [offer for opened in targets.values() for offer in offers_of(workspace, opened)]
        known = _known(workspace, profile, offers, progress)
        known = _with_tried(workspace, loaded, profile, offers, known, progress, build)
        # A changed document is a reason to look for something better; the same one is not.
        deployed = state.deployment if state is not None and state.spec_digest == loaded.digest else None
        recorded = deployed.stable.placement if deployed else None
        # What is not applied yet is planned with what could be built for it; what is applied needs to be there.
        hopeful = [name for name, opened in targets.items() if not opened.provider.kinds]
        decision = _decide(workspace, loaded, profile, offers, known, recorded, hopeful)
        return Decided(
            profile=profile,
            decision=decision,
            offers=tuple(offers),
            known=known,
            recorded=recorded,
            targets=targets,
            hopeful=tuple(hopeful),
        )


def place_service(workspace: Workspace, loaded: LoadedService, state: ServiceState | None, progress: Progress) -> Placed:
    """Raises ModelError for the model's file, InfeasibleError or RefusedError where no placement meets the demands."""
    with workspace.reuse.guard:
        return _place(workspace, loaded, state, progress)


def _place(workspace: Workspace, loaded: LoadedService, state: ServiceState | None, progress: Progress) -> Placed:
    found = decide_service(workspace, loaded, state, progress, build=True)
    profile, known = found.profile, found.known
    chosen = _choose(workspace, loaded, found)
    assert chosen.placement is not None
    if isinstance(profile, LanguageProfile):
        artifact = named_by_config(profile)
    else:
        artifact = _made(known, chosen) or _as_given(workspace, loaded, model_file(loaded), profile)
    release = configure(loaded.service, chosen.placement, artifact)
    return Placed(
        deployment=Deployment(
            project=workspace.project,
            environment=workspace.environment,
            service=loaded.service.name,
            stable=release,
            protected=loaded.service.spec.lifecycle.protect,
        ),
        profile=profile,
        decision=found.decision,
        target=found.targets[chosen.offer.target],
        calibrations=tuple(known.calibrations.values()),
        evidence=_evidence(loaded, profile, chosen.placement, known),
        tried=tuple(known.tried.get(chosen.offer.chip.name, ())),
    )


def _evidence(
    loaded: LoadedService, profile: ModelProfile | LanguageProfile, placement: Placement, known: Measurements
) -> Evidence:
    """Nothing of a language model was measured yet."""
    if isinstance(profile, LanguageProfile):
        return Evidence(known=(), exact=(), scaled_by="")
    return evidence(loaded.service, profile, placement, known)


def _decide(
    workspace: Workspace,
    loaded: LoadedService,
    profile: ModelProfile,
    offers: Sequence[Offer],
    known: Measurements,
    recorded: Placement | None,
    hopeful: Sequence[str],
) -> Decision:
    """Services that ask the same of the same model, and are recorded alike, are decided alike."""
    same = identity(recorded) if recorded else None
    made = repr([[(t.recipe, t.artifact, t.refusal, t.latency) for t in tried] for tried in known.tried.values()])
    key = (spec_digest(loaded), profile.digest, tuple(offer.key for offer in offers), same, made)
    decisions = workspace.reuse.decisions
    if key not in decisions:
        decisions[key] = decided(loaded, profile, offers, known, recorded, hopeful)
    return decisions[key]


def _profile(workspace: Workspace, loaded: LoadedService, path: Path) -> ModelProfile:
    profiles = workspace.reuse.profiles
    profile = profiles[path] = profiles.get(path) or profile_onnx(path, workspace.loaded.root)
    check_digest(loaded, profile.digest)
    return profile


def _known(workspace: Workspace, profile: ModelProfile, offers: Sequence[Offer], progress: Progress) -> Measurements:
    """This machine's calibration, made now if there is none, and what was measured of the model."""
    here = this_chip().name
    calibrations = workspace.reuse.calibrations
    if here not in calibrations and any(offer.chip.name == here for offer in offers):
        calibrations[here] = calibration_for(here, workspace.clock, progress)
    of_offers = {name: calibrations[name] for name in calibrations if any(o.chip.name == name for o in offers)}
    return Measurements(calibrations=of_offers, measurements=workspace.measured.get(profile.digest, ()))


def _with_tried(
    workspace: Workspace,
    loaded: LoadedService,
    profile: ModelProfile,
    offers: Sequence[Offer],
    known: Measurements,
    progress: Progress,
    build: bool,
) -> Measurements:
    """With what the optimizer makes of the model for this machine, where the offers have it, and what was measured of that."""
    here = this_chip()
    if all(offer.chip.name != here.name for offer in offers):
        return known
    from infractl.workflows.optimize_service import tried_here

    tried = tried_here(workspace, loaded, profile, progress, build=build)
    if not tried:
        return known
    made = [t.artifact.digest for t in tried if t.artifact and t.refusal is None]
    measured = [*known.measurements, *(m for digest in made for m in workspace.measured.get(digest, ()))]
    return replace(known, tried={here.name: tried}, measurements=tuple(measured))


def _made(known: Measurements, chosen: Evaluation) -> Artifact | None:
    """What the optimizer made by the chosen recipe; None for the model as it is given, and where nothing is made yet."""
    made = known.made(chosen.offer.chip.name, chosen.recipe)
    return made.artifact if made else None


def _choose(workspace: Workspace, loaded: LoadedService, found: Decided) -> Evaluation:
    """Raises RefusedError where only the budget stands against one of them, else InfeasibleError, with every reason."""
    if chosen := found.chosen(loaded):
        return chosen
    from infractl.workflows.refusal import refusal

    profile = found.profile if isinstance(found.profile, ModelProfile) else None
    budget = any(e.violations and all(v.code in BUDGET for v in e.violations) for e in found.decision.refused)
    nearest = found.nearest(loaded.service) if workspace.reuse.may_relax(loaded.name) else None
    raise (RefusedError if budget else InfeasibleError)(refusal(loaded, profile, found.decision, nearest))


BUDGET = frozenset({"over-budget", "over-budget-per-thousand", "price-unknown"})


def _as_given(workspace: Workspace, loaded: LoadedService, path: Path, profile: ModelProfile) -> Artifact:
    """The model as the user gave it, put into the artifact store: the first rung of every ladder."""
    if path.stat().st_size != profile.size_bytes:
        raise ModelError.of(
            "model-in-parts",
            summary="a model whose weights lie in files of their own cannot be deployed yet",
            detail=str(path),
            at=loaded.mark("spec.model.uri"),
            remedy="save it as one file: onnx.save(onnx.load(PATH), ONE_FILE)",
        )
    # What is there under its digest need not be read again; whoever fetches it verifies it.
    known = workspace.reuse.stored
    stored = profile.digest in known or workspace.stores.artifacts.has(profile.digest)
    kept = profile.digest if stored else workspace.stores.artifacts.put(path)
    known.add(kept)
    if kept != profile.digest:
        raise ModelError.of(
            "model-changed",
            summary="the model file changed while it was read",
            detail=str(path),
            at=loaded.mark("spec.model.uri"),
            remedy="run the command again",
        )
    return Artifact(
        digest=kept,
        size_bytes=profile.size_bytes,
        format=profile.format,
        recipe=AS_GIVEN,
        signature=profile.signature,
        source_digest=profile.digest,
    )
