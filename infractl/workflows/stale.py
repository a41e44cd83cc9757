"""Whether a saved plan still fits what it was made from; else what happened since, by whom, and what of it the plan touches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from infractl.domain.address import ServiceKey
from infractl.domain.plan import ServicePlan
from infractl.domain.service_state import ServiceState
from infractl.domain.value import Blob
from infractl.errors import StalePlanError, StateError
from infractl.planning.revision import record_changes
from infractl.state.codec import digest, encode
from infractl.workflows.workspace import Workspace, readable


def check_fresh(workspace: Workspace, service: ServicePlan, states: Mapping[ServiceKey, ServiceState | None]) -> None:
    """Raises StalePlanError where the state is not what the plan was made from, or an artifact that it needs is kept no more.

    One that moves a service was made from the state under the old name, and from there being none under the new one.
    """
    lost = tuple(_lost(workspace, service))
    own = states[service.key]
    state = states[replace(service.key, service=service.moved_from)] if service.moved_from and own is None else own
    lineage, serial = (state.lineage, state.serial) if state else (service.lineage, 0)
    if (lineage, serial) != (service.lineage, service.serial) or (service.moved_from and own):
        lines = (*_happened(workspace, service, state), *_declared_since(workspace, service), *lost)
        raise StalePlanError.of(
            "plan-stale",
            summary="this plan was made from a state that is no more",
            detail="\n".join(lines),
            remedy=f"make and review a new plan: {workspace.call('plan')} --out PLAN",
        )
    if lost:
        raise StalePlanError.of(
            "plan-artifact",
            summary="this plan deploys what the artifact store does not have as it was",
            detail="\n".join(lost),
            remedy=f"make and review a new plan where the model is: {workspace.call('plan')} --out PLAN",
        )


def check_measured(workspace: Workspace, service: ServicePlan) -> None:
    """What was measured of what the plan places, and the plan does not know, may speak against it. Raises StalePlanError."""
    if service.deployment is None:
        return
    release = service.deployment.stable
    of_it = workspace.measured.get(release.artifact.digest, ())
    of_chip = [m for m in of_it if m.chip == release.placement.offer.chip.name]
    unknown = [m for m in of_chip if digest(encode(m)) not in service.measurements]
    if unknown:
        raise StalePlanError.of(
            "plan-measured",
            summary="this plan does not know what was measured since it was made",
            detail=f"{service.key.service}: infractl bench of {unknown[-1].at:%Y-%m-%d %H:%M:%S} UTC",
            remedy=f"make and review a new plan: {workspace.call('plan')} --out PLAN",
        )


def _happened(workspace: Workspace, service: ServicePlan, state: ServiceState | None) -> Iterator[str]:
    name = service.key.service
    if state is None:
        yield f"{name}: the service was destroyed since serial {service.serial}, which it was made from"
    elif service.moved_from and state.key == service.key:
        yield f"{name}: something is recorded under this name by now; {_by(state)}"
    elif state.lineage != service.lineage:
        yield f"{name}: the service was destroyed and made anew since; {_by(state)}"
    else:
        yield f"{name}: it was made from serial {service.serial}, and the state is at serial {state.serial}"
        yield from _touched(workspace, service, state)


def _touched(workspace: Workspace, service: ServicePlan, present: ServiceState) -> Iterator[str]:
    """Each version that was written since, oldest first, and whether the plan has anything to do with it."""
    kept = {s.serial: s for s in workspace.stores.state.history(present.key) if s.lineage == present.lineage}
    kept[present.serial] = present
    touched: set[str] = set()
    whole = service.serial == 0 or service.serial in kept
    for serial in (s for s in sorted(kept) if s > service.serial):
        before = kept.get(serial - 1)
        whole = whole and (before is not None or serial == 1)
        if before is None and serial > 1:
            yield f"  serial {serial}: {_by(kept[serial])}; the version before it is kept no more"
            continue
        changes = record_changes(before, kept[serial])
        touched.update(_within(c.address) for c in changes)
        # What was replaced and kept its id is recorded as before: no difference is no proof that nothing was touched.
        whole = whole and bool(changes)
        told = ", ".join(f"{c.address} {c.fate}" for c in changes) or "every resource is recorded as before, be it made anew"
        yield f"  serial {serial}: {_by(kept[serial])}: {told}"
    both = sorted(str(c.address) for c in service.changed if _within(str(c.address)) in touched)
    if both:
        yield f"  the plan would change some of the same: {', '.join(both)}"
    elif whole:
        yield "  the plan touches none of these"


def _within(address: str) -> str:
    """The kind and name of what is at an address: a service may have another name than then."""
    return address.partition(".")[2]


def _declared_since(workspace: Workspace, service: ServicePlan) -> Iterator[str]:
    """Where the documents are here and can be read: a plan is bound to what was recorded, not to them."""
    if not service.spec_digest:
        return
    declared = readable(workspace, service.key.service)
    if declared is not None and declared.digest != service.spec_digest:
        yield "  its document changed since"


def _lost(workspace: Workspace, service: ServicePlan) -> Iterator[str]:
    for change in service.changed:
        properties = change.desired.properties if change.desired else {}
        for blob in (value for value in properties.values() if isinstance(value, Blob)):
            if told := _unusable(workspace, blob.digest):
                yield f"  the artifact {blob.digest}, which {change.address} needs, {told}"


def _unusable(workspace: Workspace, digest: str) -> str:
    """Its content is looked at: a damaged one would be found when others are changed already."""
    try:
        workspace.stores.artifacts.path(digest)
    except StateError as error:
        problem = error.diagnostics[0]
        return "is kept no more" if problem.slug == "artifact-missing" else f"cannot be used: {problem.summary}; {problem.remedy}"
    return ""


def _by(state: ServiceState) -> str:
    return f"{state.changed_at:%Y-%m-%d %H:%M:%S} UTC by {state.changed_by}"
