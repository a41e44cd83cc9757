"""After a crash: what the journal says happened, and what became of the steps whose end it does not tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from infractl.applying.connection import Connections, kind_of
from infractl.applying.step import find_new, record
from infractl.domain.action import Action
from infractl.domain.address import Owner
from infractl.domain.journal import Entry, Intent, Operation, Outcome
from infractl.domain.resource import Live, Recorded
from infractl.domain.service_state import ServiceState
from infractl.domain.step import Pending
from infractl.planning.attribute import attribute_changes
from infractl.provider.contract import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStep:
    """A step whose outcome is not known. Without `pending` it is not known either whether the provider was called."""

    intent: Intent
    pending: Pending | None


def replay(state: ServiceState, entries: Iterable[Entry]) -> tuple[ServiceState, tuple[OpenStep, ...]]:
    """Pure: the state after the journal's outcomes, and the steps that have none, in the order they were begun."""
    open_steps = {i.step: OpenStep(intent=i, pending=None) for i in state.intents}
    for entry in entries:
        match entry:
            case Intent():
                open_steps[entry.step] = OpenStep(intent=entry, pending=None)
            case Operation():
                open_steps[entry.step] = replace(open_steps[entry.step], pending=entry.pending)
            case Outcome():
                state = _after(state, open_steps.pop(entry.step).intent, entry.recorded)
    return state, tuple(open_steps.values())


def settle(
    state: ServiceState,
    open_steps: Sequence[OpenStep],
    owner: Owner,
    connections: Connections,
    finish: Callable[[Kind, Pending], object],
) -> ServiceState:
    """The state once each open step was looked up: `finish` its operation, then read by ref, then find by label.

    What a create left is recorded as it lives, so that the next plan mends what is missing. Raises ProviderError.
    """
    for step in open_steps:
        intent = step.intent
        kind, _ = kind_of(connections, intent.target, intent.address.kind)
        if step.pending:
            finish(kind, step.pending)
        live = _look_up(kind, step, owner)
        state = _after(state, intent, _record(state, intent, kind, live, connections))
    return replace(state, intents=())


def _look_up(kind: Kind, step: OpenStep, owner: Owner) -> Live | None:
    intent = step.intent
    old = intent.prior if intent.action is Action.create else None
    sought = [step.pending.ref if step.pending else None, None if old else intent.prior]
    refs = [ref for ref in sought if ref is not None and ref != old]
    lives = kind.read(refs) if refs else {}
    for ref in refs:
        if ref in lives:
            return lives[ref]
    return find_new(kind, owner, intent.address, old)


def _record(state: ServiceState, intent: Intent, kind: Kind, live: Live | None, connections: Connections) -> Recorded | None:
    before = state.recorded(intent.address)
    if live is None:
        return before if intent.action is Action.create and intent.prior else None
    if intent.action is Action.delete or intent.desired is None:
        return before
    managed = kind.managed(intent.desired, live)
    schema = connections[intent.target].schemas[intent.address.kind]
    if intent.action is Action.update and attribute_changes(intent.desired.properties, managed, None, schema):
        return before
    return record(intent.desired, managed, intent.target, live)


def _after(state: ServiceState, intent: Intent, recorded: Recorded | None) -> ServiceState:
    """The state with `recorded` at the intent's address. An older object that still lives is deposed, not forgotten."""
    others = [r for r in state.resources if r.address != intent.address]
    before = state.recorded(intent.address)
    if intent.action is Action.delete and before is not None and before.ref != intent.prior:
        kept = state.deposed if recorded else tuple(d for d in state.deposed if d.ref != intent.prior)
        return replace(state, deposed=kept)
    if recorded is None:
        return state.with_resources(others)
    superseded = intent.action is Action.create and before is not None and before.ref != recorded.ref and intent.prior is not None
    deposed = (*state.deposed, before) if superseded and before is not None else state.deposed
    return replace(state.with_resources([*others, recorded]), deposed=deposed)
