"""`drift`: what lives beside what was recorded. Nothing is planned: no model is read, nothing is built."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from infractl.applying.connection import kind_of
from infractl.applying.refresh import Observed
from infractl.domain.address import Address, Owner, ServiceKey, unlabelled
from infractl.domain.attribute_pattern import AttributePattern
from infractl.domain.drift import AttributeDrift, Course, ObjectDrift, ServiceDrift, Sort
from infractl.domain.plan import AttributeChange, LeftAttribute
from infractl.domain.resource import Live, Recorded, Resource
from infractl.domain.service_state import ServiceState
from infractl.planning.leave import BY_PROVIDER, left
from infractl.provider.plugin import GuardedKind
from infractl.spec.load import LoadedService
from infractl.workflows.ignoring import patterns_of
from infractl.workflows.notice import of_service, of_unsettled
from infractl.workflows.observe import everywhere, known, observe
from infractl.workflows.seen import Seen, see
from infractl.workflows.select import recorded_of
from infractl.workflows.status import missing, note_of, recorded_as_wanted, reverted
from infractl.workflows.workspace import Workspace


def drift(workspace: Workspace) -> Seen[ServiceDrift]:
    """Each recorded service that was asked for: all of a whole project. Raises StateError, ProviderError."""
    services = {s.service.name: s for s in workspace.loaded.services}
    return see(lambda key: _service(workspace, key, services.get(key.service)), sorted(recorded_of(workspace)))


def _service(workspace: Workspace, key: ServiceKey, loaded: LoadedService | None) -> ServiceDrift:
    found = known(workspace, key)
    state = found.state
    if state is None:
        return ServiceDrift(key=key, target="", compared=0, drifted=False, objects=(), notes=())
    observed = observe(workspace, state, Owner(key=key, lineage=state.lineage), everywhere(workspace, state))
    ignored = patterns_of(loaded)
    # What a step that has not ended did is no drift: the next apply settles it.
    under_way = {step.intent.address for step in found.open_steps}
    settled = [r for r in state.resources if r.address not in under_way]
    recorded = (o for r in settled for o in _recorded(workspace, r, observed, ignored))
    orphans = _orphans(workspace, state, replace(observed, orphans=[o for o in observed.orphans if o.address not in under_way]))
    objects = (*recorded, *orphans)
    note = of_unsettled(workspace, key, found) or note_of(workspace, state, loaded)
    return ServiceDrift(
        key=key,
        target=state.target,
        compared=len(settled),
        drifted=any(o.counts for o in objects),
        objects=objects,
        notes=(*([note] if note else []), *(n.text for n in of_service(workspace, key, found))),
    )


def _recorded(
    workspace: Workspace, recorded: Recorded, observed: Observed, ignored: Sequence[AttributePattern]
) -> Iterator[ObjectDrift]:
    address = recorded.address
    if address in observed.foreign:
        yield _object(recorded, Sort.foreign, Course.makes, "what is there is left alone, and another is made")
    elif address not in observed.live:
        yield _object(recorded, Sort.gone, Course.makes, "it was deleted outside infractl")
    else:
        kind = kind_of(workspace.connections([recorded.target]), recorded.target, address.kind)
        yield from _changed(recorded, recorded_as_wanted(recorded, ignored), observed.live[address], kind)


def _changed(recorded: Recorded, applied: Resource, live: Live, kind: GuardedKind) -> Iterator[ObjectDrift]:
    """Compared as the next diff compares, and then in what that leaves out."""
    reverts = reverted(applied, live, kind)
    kept = left(applied, kind.managed(applied, live), recorded.properties, kind.schema)
    anew = any(c.replaces for c in reverts)
    attributes = (*(_reverted(c, anew) for c in reverts), *(_kept(c) for c in kept))
    bare = recorded.labelled and unlabelled(live.labels)
    if not attributes and not bare:
        return
    if bare and not reverts:
        why = "it lost this service's labels, and gets them again"
    elif not reverts:
        why = "nothing differs but what is left to others"
    else:
        why = "it is made anew: not all can be changed in place" if anew else "it is changed in place"
    yield _object(recorded, Sort.changed, Course.reverts if reverts or bare else Course.keeps, why, attributes)


def _reverted(change: AttributeChange, anew: bool) -> AttributeDrift:
    if change.replaces:
        why = "it cannot be changed in place, so that the object is made anew"
    else:
        why = "with the object, which is made anew" if anew else "to what was applied, in place"
    return _attribute(change, Course.reverts, why)


def _kept(stays: LeftAttribute) -> AttributeDrift:
    return AttributeDrift(
        path=stays.path,
        recorded=stays.declared,
        live=stays.live,
        added=stays.added,
        removed=stays.removed,
        next_apply=Course.keeps,
        why=stays.why if stays.why == BY_PROVIDER else f"ignored, {stays.why}",
    )


def _attribute(change: AttributeChange, course: Course, why: str) -> AttributeDrift:
    # A change leads from what lives to what is wanted; here the record comes first.
    return AttributeDrift(
        path=change.path,
        recorded=change.after,
        live=change.before,
        added=change.removed,
        removed=change.added,
        next_apply=course,
        why=why,
    )


def _orphans(workspace: Workspace, state: ServiceState, observed: Observed) -> Iterator[ObjectDrift]:
    wanted: set[Address] = set(missing(workspace, state)) if observed.orphans else set()
    gone = {r.address for r in state.resources} - observed.live.keys()
    for orphan in observed.orphans:
        address, target, live = orphan.address, orphan.target, orphan.live
        course, why = Course.keeps, f"nothing needs it; {workspace.call(f'destroy --target {address}')} removes just it"
        if address in wanted and target == state.target:
            course, why = Course.adopts, "the service needs it"
            wanted.discard(address)
        elif address in gone:
            why = f"the record names another one, which is gone; {workspace.call(f'state rm {address}')} lets an apply adopt it"
        yield ObjectDrift(address=str(address), target=target, id=live.ref.id, sort=Sort.orphan, next_apply=course, why=why)


def _object(recorded: Recorded, sort: Sort, course: Course, why: str, attributes: tuple[AttributeDrift, ...] = ()) -> ObjectDrift:
    return ObjectDrift(
        address=str(recorded.address),
        target=recorded.target,
        id=recorded.ref.id,
        sort=sort,
        next_apply=course,
        why=why,
        attributes=attributes,
    )
