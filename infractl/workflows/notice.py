"""What a reader of a plan must know besides its changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from infractl.applying.refresh import Observed
from infractl.domain.address import ServiceKey
from infractl.domain.figure import Basis, quantity_text
from infractl.domain.optimization import AccuracyVerdict
from infractl.domain.plan import Notice
from infractl.domain.profile import ModelProfile
from infractl.domain.resource import Orphan
from infractl.domain.service_state import ServiceState
from infractl.spec.load import LoadedService
from infractl.spec.not_acted_on import Ahead, not_acted_on
from infractl.spec.project import Project
from infractl.spec.service import InferenceService
from infractl.spec.yaml.document import Document
from infractl.state.store import Holder
from infractl.workflows.observe import Known
from infractl.workflows.placed import Placed
from infractl.workflows.workspace import OpenTarget, Workspace


def of_service(workspace: Workspace, key: ServiceKey, found: Known) -> Iterator[Notice]:
    """Who is changing the service, and what an earlier run left open."""
    holder = workspace.stores.state.holder(key)
    if holder is not None and holder.id != workspace.held.get(key):
        since = f"{holder.since:%Y-%m-%d %H:%M:%S} UTC (pid {holder.pid} on {holder.host})"
        yield Notice(code="lock-held", text=f"{holder.who} holds the lock since {since}: what lives may change under this plan")
    if found.open_steps:
        names = ", ".join(f"{s.intent.action.value} {s.intent.address}" for s in found.open_steps)
        yield Notice(code="open-steps", text=f"an earlier run did not see the end of: {names}; apply settles it first")


def of_unsettled(workspace: Workspace, key: ServiceKey, found: Known) -> str:
    """What is so while a run has not ended, and is no drift: "" where the last one has."""
    if not found.unsettled:
        return ""
    if holder := workspace.stores.state.holder(key):
        return running(holder)
    return f"a run was broken off here: {workspace.call('apply')} settles it"


def running(holder: Holder) -> str:
    return f"{holder.command} is running (pid {holder.pid} on {holder.host})"


def of_document(loaded: LoadedService) -> Iterator[Notice]:
    """What a service's document asks for in vain so far."""
    yield from _of_ahead(not_acted_on(InferenceService, loaded.document.value))


def of_project(document: Document | None) -> Iterator[Notice]:
    """What infractl.yaml asks for in vain so far."""
    yield from _of_ahead(not_acted_on(Project, document.value) if document else ())


def _of_ahead(ahead: Sequence[Ahead]) -> Iterator[Notice]:
    """What somebody may rely on for safety must not be one line among others."""
    if guards := [path for path, guards in ahead if guards]:
        yield Notice(code="not-enforced", text=f"nothing enforces this yet: {', '.join(guards)}")
    if others := [path for path, guards in ahead if not guards]:
        yield Notice(code="not-acted-on", text=f"not acted on yet: {_by_section(others)}")


def _by_section(paths: Iterable[str]) -> str:
    """`spec.slo (errorRate, availability), spec.optimize (level)`."""
    sections: dict[str, list[str]] = {}
    for path in paths:
        section, _, key = path.rpartition(".")
        sections.setdefault(section, []).append(key)
    return ", ".join(f"{section} ({', '.join(keys)})" for section, keys in sections.items())


def of_foreign(observed: Observed) -> Iterator[Notice]:
    """Recorded objects whose id is somebody else's now."""
    for address, live in observed.foreign.items():
        yield Notice(
            code="foreign", text=f"what is recorded as {address} is another owner's now ({live.ref.id}): it is left alone"
        )


def of_orphans(orphans: Iterable[Orphan]) -> Iterator[Notice]:
    for orphan in orphans:
        what = f"{orphan.address} ({orphan.live.ref.id}) carries this service's labels"
        yield Notice(code="orphan", text=f"{what}, and is not recorded; destroy --target {orphan.address} removes just it")


def of_rollback(state: ServiceState | None) -> Iterator[Notice]:
    """That what is deployed was gone back to by hand, so that an apply undoes that."""
    if state and state.rollback and state.deployment:
        back = f"{state.rollback.left} to {state.deployment.stable.version} (serial {state.rollback.serial})"
        yield Notice(code="rolled-back", text=f"it was rolled back from version {back}: this plan deploys what is declared again")


def of_placement(placed: Placed, state: ServiceState | None) -> Iterator[Notice]:
    """What the figures leave out and rest on, why a shape is given up, and a version word that is used for two models."""
    if isinstance(placed.profile, ModelProfile):
        yield from _of_profile(placed.profile)
    yield from _of_measurements(placed)
    if state is None or state.deployment is None:
        return
    before, after = state.deployment.stable, placed.deployment.stable
    if given_up := placed.decision.given_up:
        reasons = "; ".join(map(str, given_up.violations))
        yield Notice(code="given-up", text=f"{before.placement.cut} is given up for {after.placement.cut}: {reasons}")
    if before.version == after.version and before.artifact.digest != after.artifact.digest:
        yield Notice(
            code="version-reused",
            text=f"version {after.version} is deployed with another model: its file changed, and spec.model.version did not",
        )


def _of_profile(profile: ModelProfile) -> Iterator[Notice]:
    if profile.run.uncosted:
        names = ", ".join(f"{operator} ({count})" for operator, count in profile.run.uncosted)
        yield Notice(code="uncosted", text=f"the cost of these operators is not known, so that latencies are guesses: {names}")
    if profile.run.bounded:
        yield Notice(code="bounded", text=f"costed by the dearest way through: {', '.join(profile.run.bounded)}")


def of_recipe(placed: Placed) -> Iterator[Notice]:
    """That a placement counts on a recipe whose answers nobody has compared yet."""
    recipe = placed.deployment.stable.placement.recipe
    if recipe != placed.deployment.stable.artifact.recipe:
        yield Notice(
            code="accuracy-unproven",
            text=f"{placed.deployment.service}: planned with {recipe.name}; nobody has proven yet that it is as accurate",
        )


def of_optimization(placed: Placed) -> Iterator[Notice]:
    """What was made of the model, how that was proven, and what came to nothing for which reason."""
    recipe = placed.deployment.stable.artifact.recipe
    for tried in placed.tried:
        if tried.recipe == recipe and tried.accuracy and tried.latency:
            yield Notice(
                code="optimized", text=f"{recipe.name} is served: {tried.latency.why} as the given model; {proof(tried.accuracy)}"
            )
    if refused := [f"{t.recipe.name} ({t.refusal.code}: {t.refusal.why})" for t in placed.tried if t.refusal]:
        yield Notice(code="recipes-tried", text=f"tried and not served: {'; '.join(refused)}")


def proof(accuracy: AccuracyVerdict) -> str:
    """`accuracy 97.3%, given 97.4%; at most 0.22 points worse with 95% confidence, 1 allowed (2560 held-out rows)`."""
    points = 1.0 if accuracy.metric.is_an_error else 100.0
    unit = "" if accuracy.metric.is_an_error else "%"
    worse = "of the error" if accuracy.metric.is_an_error else "points"
    return (
        f"{accuracy.metric} {points * accuracy.candidate:.4g}{unit}, given {points * accuracy.given:.4g}{unit}; "
        f"at most {100 * accuracy.upper:.2g} {worse} worse, {100 * accuracy.margin:.2g} allowed ({accuracy.rows} held-out rows)"
    )


def of_provider(opened: OpenTarget) -> Iterator[Notice]:
    """That a plan is all that there is, where the provider only offers."""
    if not opened.provider.kinds:
        name = opened.target.provider
        yield Notice(code="cannot-apply", text=f"{name} cannot apply yet: what is planned at {opened.target.name} is for reading")


def _of_measurements(placed: Placed) -> Iterator[Notice]:
    """What was measured instead of computed, and what the rest was scaled by."""
    placement, evidence = placed.deployment.stable.placement, placed.evidence
    if evidence.exact:
        by = " and ".join(f"infractl bench of {m.at:%Y-%m-%d %H:%M} UTC" for m in evidence.exact)
        prediction = placement.prediction
        found = {**{f"p{p}": f for p, f in prediction.latency_s.items()}, "capacity": prediction.capacity_per_s}
        measured = [f"{n} {quantity_text(f.value, f.unit)}" for n, f in found.items() if f.basis is Basis.measured]
        figures = ", ".join(measured) or "what is asked for is kept at another rate"
        disturbed = "; ".join(dict.fromkeys(d for m in evidence.exact for d in m.disturbances))
        doubt = f"; it was disturbed: {disturbed}" if disturbed else ""
        yield Notice(code="measured", text=f"measured in this shape, by {by}: {figures}{doubt}")
    elif evidence.scaled_by:
        yield Notice(code="scaled", text=f"computed, and scaled by {evidence.scaled_by}")
