"""`spec.lifecycle.movedFrom`: a service takes over the state of the name that it had before.

The old document is marked, the new one written with its lineage, the old one deleted: whatever breaks off in between, one of
them counts. What lives is no business of this module: the plan relabels it, or makes it anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from infractl.domain.address import ServiceKey
from infractl.domain.plan import Notice, ServicePlan
from infractl.domain.service_state import ServiceState
from infractl.errors import SpecError
from infractl.planning.move import taken_over
from infractl.spec.load import LoadedService
from infractl.state.store import Lease
from infractl.workflows.observe import Known, known
from infractl.workflows.workspace import Workspace, who


def before_move(workspace: Workspace, loaded: LoadedService, found: Known) -> Known | None:
    """What is known under the name of before, as the new one's; None where nothing is to be taken over (any more).

    `found` is what is known under the new name. Raises SpecError where that has a state of its own.
    """
    name = loaded.service.spec.lifecycle.moved_from
    earlier = known(workspace, workspace.key(name)) if name else None
    if earlier is None or earlier.state is None:
        return None
    if found.state is not None:
        raise _occupied(workspace, loaded, earlier.state, found.state)
    taken = taken_over(earlier.state, workspace.key(loaded.name))
    if taken.spec_digest == loaded.digest_as(earlier.state.key.service):
        # It asks for what it asked for before: its placement stays.
        taken = replace(taken, spec_digest=loaded.digest)
    return replace(earlier, state=taken)


def keys_before(workspace: Workspace, services: Sequence[str]) -> Iterator[ServiceKey]:
    """The documents that these services are to take over, to be locked with their own."""
    for before, name in workspace.loaded.moves.items():
        if name in services and workspace.stores.state.read(workspace.key(before)) is not None:
            yield workspace.key(before)


def of_moves(workspace: Workspace) -> Iterator[Notice]:
    """Of names that were asked for and are to become others: nothing is planned under them."""
    for before, name in workspace.loaded.moves.items():
        if before in workspace.loaded.selection.names:
            yield Notice(code="moved", text=f"{before} is called {name} now: --service {name} plans for it")


def take_over(workspace: Workspace, service: ServicePlan, leases: Mapping[ServiceKey, Lease]) -> ServiceState:
    """Under both locks: make the old name's document the new one's. Raises StateError.

    Where a service goes back to a name, its serials go on there: no step may have the key of an earlier one.
    """
    store, before = workspace.stores.state, workspace.key(service.moved_from)
    state = store.read(before)
    assert state is not None, "the plan was made from it, and its lock is held"
    marked = replace(
        state, serial=state.serial + 1, moved_to=service.key.service, changed_at=workspace.clock.now(), changed_by=who()
    )
    store.write(before, marked, expected_serial=state.serial, epoch=leases[before].epoch)
    last = next((s.serial for s in store.history(service.key) if s.lineage == state.lineage), 0)
    taken = replace(taken_over(marked, service.key), serial=last + 1)
    store.write(service.key, taken, expected_serial=last, epoch=leases[service.key].epoch)
    store.delete(before, expected_serial=marked.serial, epoch=leases[before].epoch)
    return taken


def _occupied(workspace: Workspace, loaded: LoadedService, before: ServiceState, present: ServiceState) -> SpecError:
    return SpecError.of(
        "moved-onto-state",
        summary="a service is moved onto a name under which something is recorded already",
        detail=f"{before.key.service} is at serial {before.serial}, and {present.key.service} at serial {present.serial}",
        at=loaded.mark("spec.lifecycle.movedFrom"),
        remedy=f"remove lifecycle.movedFrom here and apply, which destroys {before.key.service}; "
        f"or first make room: {workspace.call('destroy')} --service {present.key.service}",
    )
