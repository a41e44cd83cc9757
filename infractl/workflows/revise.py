"""`state history`, `restore` and `rm`: earlier versions of a document, and changing it by hand. Nothing that lives is touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from infractl.domain.address import ServiceKey
from infractl.domain.revision import Revision
from infractl.domain.service_state import ServiceState
from infractl.errors import Diagnostic, StateError, UsageError
from infractl.planning.revision import record_changes
from infractl.workflows.elsewhere import environments_with
from infractl.workflows.lock import Patience, lock
from infractl.workflows.observe import Known, known, superseded
from infractl.workflows.workspace import Workspace, who

Approve = Callable[[Revision], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The present document (None: it was deleted, or `damage` says why it cannot be read) and the earlier ones, newest first."""

    present: ServiceState | None
    earlier: tuple[ServiceState, ...]
    damage: tuple[Diagnostic, ...] = ()


def show(workspace: Workspace, service: str) -> Known:
    """The document, with what a running or broken-off apply has journaled. Raises StateError, UsageError."""
    found = known(workspace, workspace.key(service))
    if found.state is None:
        raise _not_recorded(workspace, service)
    return found


def history(workspace: Workspace, service: str) -> History:
    """Raises UsageError where nothing was ever recorded."""
    key, damage = workspace.key(service), tuple[Diagnostic, ...]()
    try:
        present = workspace.stores.state.read(key)
    except StateError as error:
        present, damage = None, error.diagnostics
    earlier = tuple(workspace.stores.state.history(key))
    if not (present or earlier or damage):
        raise _not_recorded(workspace, service)
    return History(present=present, earlier=earlier, damage=damage)


def restore(workspace: Workspace, service: str, serial: int, approve: Approve, patience: Patience) -> Revision:
    """Make the version `serial` the document again, as a new version: the present one stays in the history.

    Raises LockHeldError, StateError and, where it is refused, UsageError.
    """
    key = _known_key(workspace, service)
    with closed(workspace, key, patience) as (present, epoch):
        earlier = workspace.stores.state.history(key)
        wanted = next((s for s in earlier if s.serial == serial), None)
        if wanted is None:
            raise _not_kept(workspace, service, serial, [s.serial for s in earlier])
        _refuse_unfit(workspace, wanted, present or earlier[0])
        last = present.serial if present else earlier[0].serial
        after = replace(wanted, serial=last + 1, changed_at=workspace.clock.now(), changed_by=who())
        revision = Revision(key=key, before=present, after=after, records=record_changes(present, after), put_back=serial)
        agreed(approve, revision)
        workspace.stores.state.write(key, after, expected_serial=last, epoch=epoch)
    return revision


def remove(workspace: Workspace, name: str, approve: Approve, patience: Patience) -> Revision:
    """Forget a service, or what is recorded at one address of it (`service.kind.name`).

    Raises LockHeldError, StateError and, where it is refused, UsageError.
    """
    service, dot, _ = name.partition(".")
    key = _known_key(workspace, service)
    with closed(workspace, key, patience) as (present, epoch):
        if present is None:
            raise _not_recorded(workspace, service)
        after = _without(workspace, present, name) if dot else None
        revision = Revision(key=key, before=present, after=after, records=record_changes(present, after))
        agreed(approve, revision)
        if after is None:
            workspace.stores.state.delete(key, expected_serial=present.serial, epoch=epoch)
        else:
            workspace.stores.state.write(key, after, expected_serial=present.serial, epoch=epoch)
    return revision


def _known_key(workspace: Workspace, service: str) -> ServiceKey:
    """Asked before the lock, which would leave its files behind for a slip of the pen."""
    key = workspace.key(service)
    if workspace.stores.state.read(key) is None and not workspace.stores.state.history(key):
        raise _not_recorded(workspace, service)
    return key


@contextmanager
def closed(workspace: Workspace, key: ServiceKey, patience: Patience) -> Iterator[tuple[ServiceState | None, int]]:
    """The document and the epoch under the lock. Raises StateError where an earlier run left a journal."""
    lease = lock(workspace, key, patience, since=workspace.clock.monotonic())
    try:
        state = workspace.stores.state.read(key)
        if state and (state.open_steps or workspace.stores.state.entries(key)):
            raise StateError.of(
                "state-open",
                summary="an earlier run left something open, and what it did would be lost",
                at=str(key),
                remedy=f"settle it first: {workspace.call('apply')}",
            )
        yield state, lease.epoch
    finally:
        lease.release()


def _without(workspace: Workspace, state: ServiceState, address: str) -> ServiceState:
    kept, deposed = (tuple(r for r in records if str(r.address) != address) for records in (state.resources, state.deposed))
    if (kept, deposed) == (state.resources, state.deposed):
        raise UsageError.of(
            "address-not-recorded",
            summary="nothing is recorded at this address",
            detail=f"{address} is not among: {', '.join(str(r.address) for r in state.resources) or 'none'}",
            remedy=f"take an address from {workspace.call('state list')}",
        )
    changed = replace(state, serial=state.serial + 1, changed_at=workspace.clock.now(), changed_by=who())
    return replace(changed, resources=kept, deposed=deposed)


def _refuse_unfit(workspace: Workspace, wanted: ServiceState, last: ServiceState) -> None:
    if superseded(workspace, last):
        raise StateError.of(
            "restore-moved",
            summary="this service goes on under another name",
            detail=f"{wanted.key.service} was moved to {last.moved_to}, which has what was recorded of it",
            at=str(wanted.key),
            remedy=f"choose a version of that: {workspace.call(f'state history {last.moved_to}')}",
        )
    if wanted.lineage != last.lineage:
        raise StateError.of(
            "restore-lineage",
            summary="this version belongs to another life of the service",
            detail=f"its lineage is {wanted.lineage}, and that of version {last.serial} is {last.lineage}",
            at=str(wanted.key),
            remedy=f"choose a version of this life from {workspace.call(f'state history {wanted.key.service}')}",
        )
    if wanted.open_steps:
        raise StateError.of(
            "restore-open",
            summary="this version was written while something was open, which has ended since",
            detail=", ".join(f"{s.intent.action.value} {s.intent.address}" for s in wanted.open_steps),
            at=str(wanted.key),
            remedy="choose a version before or after it",
        )


def agreed(approve: Approve, revision: Revision) -> None:
    """Raises UsageError where the answer is no."""
    if not approve(revision):
        raise UsageError.of(
            "not-approved",
            summary="the state was left as it is",
            detail=str(revision.key),
            remedy="answer yes, or pass --auto-approve",
        )


def _not_kept(workspace: Workspace, service: str, serial: int, kept: list[int]) -> UsageError:
    return UsageError.of(
        "version-not-kept",
        summary="no earlier version with this serial is kept",
        detail=f"{serial} is not among: {', '.join(map(str, kept)) or 'none'}",
        remedy=f"choose one from {workspace.call(f'state history {service}')}",
    )


def _not_recorded(workspace: Workspace, service: str) -> UsageError:
    others = environments_with(workspace, service)
    return UsageError.of(
        "service-not-recorded",
        summary="nothing is recorded of this service",
        detail=f"{service} in the environment {workspace.environment}" + (f"; it is in {', '.join(others)}" if others else ""),
        remedy="add --env NAME" if others else f"{workspace.call('state list')} shows what is recorded",
    )
