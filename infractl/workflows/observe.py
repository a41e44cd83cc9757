"""What is known of a service now: its state after the journal, and what lives at its targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from infractl.applying.connection import Connection
from infractl.applying.fan_out import fan_out
from infractl.applying.refresh import Observed, Question, read_ahead, refresh
from infractl.applying.settle import outlast, replay, settle
from infractl.applying.wait import Waiting
from infractl.domain.address import Owner, ServiceKey
from infractl.domain.journal import OpenStep
from infractl.domain.service_state import ServiceState
from infractl.errors import InfractlError, ProviderError, StateError, TransientProviderError
from infractl.workflows.secret import acquaint
from infractl.workflows.workspace import Workspace, who


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A service's state with the journal's outcomes in it, and the steps whose outcome nobody knows yet.

    `unfolded` entries are in the journal alone: the run that wrote them goes on, or was broken off.
    """

    state: ServiceState | None
    open_steps: tuple[OpenStep, ...]
    unfolded: int = 0

    @property
    def unsettled(self) -> bool:
        return bool(self.open_steps or self.unfolded)


def known(workspace: Workspace, key: ServiceKey) -> Known:
    """Reads the document and the journal that belongs to it. Raises StateError where either cannot be trusted."""
    store = workspace.stores.state
    if begins_anew(workspace, key):
        return Known(state=None, open_steps=())
    while True:
        state, entries, again = store.read(key), store.entries(key), store.read(key)
        # An apply may fold its journal between two reads: then both are read anew.
        if (state and (state.lineage, state.serial)) == (again and (again.lineage, again.serial)):
            break
    if state is None:
        return Known(state=None, open_steps=())
    if superseded(workspace, state):
        return Known(state=None, open_steps=())
    state, open_steps = replay(state, entries)
    return Known(state=state, open_steps=open_steps, unfolded=len(entries))


def known_ahead(workspace: Workspace, keys: Sequence[ServiceKey]) -> Mapping[ServiceKey, Known]:
    """What is known of several services, whose objects are read together: `observe` finds the answers, each once.

    A service of which something cannot be trusted or reached is left out: that is told where it is asked for itself. Raises
    TransientProviderError.
    """
    if len(keys) < 2:
        return {}
    found = {key: each for key, each in zip(keys, fan_out(partial(_known_or_none, workspace), keys), strict=True) if each}
    states = [each.state for each in found.values() if each.state]
    for state in states:
        _acquaint(state)
    recorded = [record for state in states for record in (*state.resources, *state.deposed)]
    reached = {target: _reached(workspace, target) for target in {record.target for record in recorded}}
    connections = {target: connection for target, connection in reached.items() if connection}
    read_ahead(recorded, connections, Waiting(clock=workspace.clock, tell=lambda _: None))
    return found


def _reached(workspace: Workspace, target: str) -> Connection | None:
    try:
        return workspace.connections([target])[target]
    except TransientProviderError:
        raise
    except InfractlError:
        return None


def _known_or_none(workspace: Workspace, key: ServiceKey) -> Known | None:
    try:
        return known(workspace, key)
    except StateError:
        return None


def superseded(workspace: Workspace, state: ServiceState) -> bool:
    """Whether the document is what a move to another name left, that broke off before its last write."""
    heir = workspace.stores.state.read(replace(state.key, service=state.moved_to)) if state.moved_to else None
    return heir is not None and heir.lineage == state.lineage


def begins_anew(workspace: Workspace, key: ServiceKey) -> bool:
    """Whether the document is missing beside remains, and whoever runs this has said to go on without it."""
    return workspace.adopt_empty and workspace.stores.state.remains(key) is not None


def observe(
    workspace: Workspace, state: ServiceState | None, owner: Owner, sought: frozenset[tuple[str, str]] = frozenset()
) -> Observed:
    """What lives of the recorded objects and, by its labels, at the sought targets and kinds. Raises ProviderError."""
    recorded, deposed = (state.resources, state.deposed) if state else ((), ())
    _acquaint(state)
    names = {r.target for r in (*recorded, *deposed)} | {target for target, _ in sought}
    question = Question(owner=owner, recorded=recorded, deposed=deposed, sought=sought)
    waiting = Waiting(clock=workspace.clock, tell=lambda _: None)
    return refresh(question, workspace.connections(names), waiting)


def everywhere(workspace: Workspace, state: ServiceState | None) -> frozenset[tuple[str, str]]:
    """Every target that anything of the service is recorded at, with each of its kinds: where its objects may be.

    A call for each: `drift` and `destroy` look there. A plan looks for what it is about to make, and for nothing else.
    """
    if state is None:
        return frozenset()
    targets = {state.target, *(r.target for r in (*state.resources, *state.deposed))}
    connections = workspace.connections(targets)
    return frozenset((name, kind) for name in targets for kind in connections[name].kinds)


def _acquaint(state: ServiceState | None, open_steps: Sequence[OpenStep] = ()) -> None:
    """With the secrets of what is asked about: whatever reads an object may be told them."""
    acquaint((*state.resources, *state.deposed) if state else ())
    acquaint(step.intent.desired for step in open_steps if step.intent.desired)


def settle_service(workspace: Workspace, key: ServiceKey, epoch: int, tell: Callable[[str], None]) -> ServiceState | None:
    """Under the lock: find out what became of the steps that an earlier run left open, and write that down.

    Raises StateError and ProviderError; the journal stays until it is settled.
    """
    if begins_anew(workspace, key):
        _outlast_remains(workspace, key, tell)
        return None
    _finish_move(workspace, key, epoch, tell)
    found = known(workspace, key)
    state = found.state
    if state is None or not (found.open_steps or workspace.stores.state.entries(key)):
        return state
    tell(f"{key.service}: settling what an earlier run left open")
    _acquaint(state, found.open_steps)
    connections = workspace.connections({step.intent.target for step in found.open_steps})
    waiting = Waiting(clock=workspace.clock, tell=lambda detail: tell(f"{key.service}: {detail}"))
    settled = settle(state, found.open_steps, Owner(key=key, lineage=state.lineage), connections, waiting)
    settled = replace(settled, serial=state.serial + 1, changed_at=workspace.clock.now(), changed_by=who())
    workspace.stores.state.fold(key, settled, expected_serial=state.serial, epoch=epoch)
    _all_ended(key, settled.open_steps)
    return settled


def _outlast_remains(workspace: Workspace, key: ServiceKey, tell: Callable[[str], None]) -> None:
    """What is on its way carries no label yet, perhaps: whoever begins anew would make it again."""
    remains = workspace.stores.state.remains(key)
    if remains is None or not remains.open_steps or remains.lineage is None:
        return
    tell(f"{key.service}: waiting for what the lost state left open")
    _acquaint(None, remains.open_steps)
    connections = workspace.connections({step.intent.target for step in remains.open_steps})
    waiting = Waiting(clock=workspace.clock, tell=lambda detail: tell(f"{key.service}: {detail}"))
    _all_ended(key, outlast(remains.open_steps, Owner(key=key, lineage=remains.lineage), connections, waiting))


def _all_ended(key: ServiceKey, running: Sequence[OpenStep]) -> None:
    if running:
        raise ProviderError.of(
            "operation-runs",
            summary="an operation that an earlier run began has not ended",
            detail=", ".join(f"{s.intent.action.value} {s.intent.address}" for s in running),
            at=str(key),
            remedy="run the command again: it goes on waiting, and begins nothing a second time",
        )


def _finish_move(workspace: Workspace, key: ServiceKey, epoch: int, tell: Callable[[str], None]) -> None:
    state = workspace.stores.state.read(key)
    if state is not None and superseded(workspace, state):
        tell(f"{key.service}: an earlier run moved it to {state.moved_to}, and ends here")
        workspace.stores.state.delete(key, expected_serial=state.serial, epoch=epoch)
