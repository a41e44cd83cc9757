"""`state import`: what lives and is recorded nowhere is taken into a service's record. Nothing that lives is touched."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from infractl.applying.connection import kind_of
from infractl.applying.step import record
from infractl.applying.wait import Waiting, retried
from infractl.domain.address import LABEL_PREFIX, Address, Owner, unlabelled
from infractl.domain.plan import Change, ServicePlan
from infractl.domain.resource import Live, Recorded, Ref
from infractl.domain.revision import Fate, RecordChange, Revision
from infractl.domain.service_state import ServiceState
from infractl.errors import StateError, UsageError
from infractl.provider.plugin import GuardedKind
from infractl.workflows.lock import Patience
from infractl.workflows.observe import Known, known
from infractl.workflows.place import Progress
from infractl.workflows.plan import plan_from
from infractl.workflows.revise import Approve, agreed, closed
from infractl.workflows.workspace import Workspace, who


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """How an import talks to whoever runs it, and how long it waits for the lock."""

    approve: Approve
    progress: Progress
    patience: Patience


def take_in(workspace: Workspace, address: str, object_id: str, voice: Voice) -> Revision:
    """Record what the provider calls `object_id` at `address` (service.kind.name).

    Raises LockHeldError, StateError, ProviderError, what a plan raises and, where it is refused, UsageError.
    """
    loaded = next((s for s in workspace.loaded.services if s.service.name == address.partition(".")[0]), None)
    if loaded is None:
        raise _no_address(address, "the declared services are", sorted(s.service.name for s in workspace.loaded.services))
    key = workspace.key(loaded.service.name)
    before = known(workspace, key).state
    plan = plan_from(workspace, loaded, Known(state=before, open_steps=()), voice.progress)
    change = _wanted(plan, address)
    kind = kind_of(workspace.connections([change.target]), change.target, change.address.kind)
    live = _alive(workspace, kind, Ref(kind=change.address.kind, id=object_id), change)
    _refuse_recorded(workspace, before, change, live)
    lineage = _lineage(plan, change.address, live, before)
    after = _with(workspace, plan, lineage, before, _record(kind, change, live))
    then = plan_from(workspace, loaded, Known(state=after, open_steps=()), voice.progress)
    revision = Revision(
        key=key,
        before=before,
        after=after,
        records=(RecordChange(address=address, target=change.target, id=object_id, fate=Fate.imported),),
        next_plan=next(c for c in then.changes if c.address == change.address),
    )
    # What was written since it was read here makes the write fail: nobody waits for a plan under the lock.
    with closed(workspace, key, voice.patience) as (_, epoch):
        agreed(voice.approve, revision)
        workspace.stores.state.write(key, after, expected_serial=after.serial - 1, epoch=epoch)
    return revision


def _wanted(plan: ServicePlan, address: str) -> Change:
    wanted = {str(c.address): c for c in plan.changes if c.desired is not None}
    if address not in wanted:
        raise _no_address(address, "as it is declared, the service consists of", list(wanted))
    return wanted[address]


def _no_address(address: str, among: str, names: list[str]) -> UsageError:
    return UsageError.of(
        "import-address",
        summary="no declared service has this address",
        detail=f"{address}: {among} {', '.join(names) or 'none'}",
        remedy="give an address as plan shows it: service.kind.name",
    )


def _alive(workspace: Workspace, kind: GuardedKind, ref: Ref, change: Change) -> Live:
    waiting = Waiting(clock=workspace.clock, tell=lambda _: None)
    live = retried(partial(kind.read, [ref]), waiting).get(ref)
    if live is None:
        raise UsageError.of(
            "import-absent",
            summary="the provider has no object with this id",
            detail=f"no {ref.kind} {ref.id} is at {change.target}",
            at=str(change.address),
            remedy="give the id as the provider writes it, and check that the target is the right one",
        )
    return live


def _refuse_recorded(workspace: Workspace, before: ServiceState | None, change: Change, live: Live) -> None:
    for recorded in (*before.resources, *before.deposed) if before else ():
        if recorded.address == change.address or (recorded.target, recorded.ref) == (change.target, live.ref):
            raise UsageError.of(
                "import-recorded",
                summary="this is recorded already",
                detail=f"{recorded.address} is {recorded.ref.id} at {recorded.target}",
                at=str(change.address),
                remedy=f"if that record is wrong, drop it first: {workspace.call(f'state rm {recorded.address}')}",
            )


def _lineage(plan: ServicePlan, address: Address, live: Live, before: ServiceState | None) -> str:
    """The service's own, or where it has no record yet the one that the object names. Raises StateError for another's object."""
    if unlabelled(live.labels):
        return plan.lineage
    named = live.labels.get(f"{LABEL_PREFIX}lineage", "")
    ours = Owner(key=plan.key, lineage=named).owns(live.labels) == address
    if ours and named and (before is None or named == before.lineage):
        return named
    said = ", ".join(f"{name.removeprefix(LABEL_PREFIX)} {live.labels[name]}" for name in sorted(live.labels) if _tells(name))
    raise StateError.of(
        "import-owned",
        summary="this object carries another owner's labels",
        detail=f"{live.ref.kind} {live.ref.id} says: {said}",
        at=str(address),
        remedy="let its owner forget it and take these labels off by the provider's own means, then import it",
    )


def _tells(label: str) -> bool:
    return label.startswith(LABEL_PREFIX)


def _record(kind: GuardedKind, change: Change, live: Live) -> Recorded:
    """As it lives, in the words of what is wanted: the next plan compares that with what is declared."""
    assert change.desired is not None
    return record(change.desired, kind.managed(change.desired, live), change.target, live)


def _with(workspace: Workspace, plan: ServicePlan, lineage: str, before: ServiceState | None, imported: Recorded) -> ServiceState:
    state = before or ServiceState(
        key=plan.key,
        lineage=lineage,
        serial=0,
        target=plan.target,
        spec_digest="",
        deployment=None,
        resources=(),
        outputs={},
        changed_at=workspace.clock.now(),
        changed_by=who(),
        begun_protected=bool(plan.deployment and plan.deployment.protected),
    )
    resources = tuple(sorted((*state.resources, imported), key=lambda r: r.address))
    return replace(state, serial=state.serial + 1, resources=resources, changed_at=workspace.clock.now(), changed_by=who())
