"""After a crash: what the journal says happened, and what became of the steps whose end it does not tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

from infractl.applying.connection import Connections, kind_of
from infractl.applying.sighting import find_new
from infractl.applying.step import record
from infractl.applying.wait import Waiting, retried, wait
from infractl.domain.action import Action
from infractl.domain.address import Owner
from infractl.domain.journal import Entry, Intent, OpenStep, Operation, Outcome
from infractl.domain.resource import Live, Recorded
from infractl.domain.service_state import ServiceState
from infractl.domain.step import Running
from infractl.planning.attribute import attribute_changes
from infractl.provider.plugin import GuardedKind


def replay(state: ServiceState, entries: Iterable[Entry]) -> tuple[ServiceState, tuple[OpenStep, ...]]:
    """Pure: the state after the journal's outcomes, and the steps that have none, in the order they were begun."""
    open_steps = {step.intent.step: step for step in state.open_steps}
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
    state: ServiceState, open_steps: Sequence[OpenStep], owner: Owner, connections: Connections, waiting: Waiting
) -> ServiceState:
    """The state once each open step was looked up: wait for its operation, then read by ref, then find by label.

    What a create left is recorded as it lives, so that the next plan mends what is missing. A step that has not ended yet
    stays open. Raises ProviderError.
    """
    still_open: list[OpenStep] = []
    for step in open_steps:
        intent = step.intent
        kind = kind_of(connections, intent.target, intent.address.kind)
        if step.pending and isinstance(wait(kind, step.pending, waiting), Running):
            still_open.append(step)
            continue
        state = _after(state, intent, _record(state, intent, kind, retried(partial(_look_up, kind, step, owner), waiting)))
    return replace(state, open_steps=tuple(still_open))


def _look_up(kind: GuardedKind, step: OpenStep, owner: Owner) -> Live | None:
    intent = step.intent
    old = intent.prior if intent.action is Action.create else None
    sought = [step.pending.ref if step.pending else None, None if old else intent.prior]
    refs = [ref for ref in sought if ref is not None and ref != old]
    lives = kind.read(refs) if refs else {}
    for ref in refs:
        if ref in lives:
            return lives[ref]
    return find_new(kind, owner, intent.address, old)


def _record(state: ServiceState, intent: Intent, kind: GuardedKind, live: Live | None) -> Recorded | None:
    before = state.recorded(intent.address)
    if live is None:
        return before if before and _stands_beside(before, intent) else None
    if intent.desired is None:
        return next((d for d in state.deposed if _is_meant(d, intent)), before)
    wanted, managed = intent.desired.properties, kind.managed(intent.desired, live)
    if not attribute_changes(wanted, managed, wanted, kind.schema):
        return record(intent.desired, wanted, intent.target, live)
    return before if intent.action is Action.update else record(intent.desired, managed, intent.target, live)


def _after(state: ServiceState, intent: Intent, recorded: Recorded | None) -> ServiceState:
    """The state with `recorded` at the intent's address. An older object that still lives is deposed, not forgotten."""
    if intent.desired is None and any(_is_meant(d, intent) for d in state.deposed):
        kept = state.deposed if recorded else tuple(d for d in state.deposed if not _is_meant(d, intent))
        return replace(state, deposed=kept)
    others = [r for r in state.resources if r.address != intent.address]
    if recorded is None:
        return state.with_resources(others)
    before = state.recorded(intent.address)
    superseded = before is not None and before != recorded and _stands_beside(before, intent)
    deposed = (*state.deposed, before) if superseded and before is not None else state.deposed
    return replace(state.with_resources([*others, recorded]), deposed=deposed)


def _stands_beside(before: Recorded, intent: Intent) -> bool:
    """Whether a create makes its object beside an older one: a replacement that creates first, or a move to another target."""
    return intent.action is Action.create and (intent.prior == before.ref or before.target != intent.target)


def _is_meant(recorded: Recorded, intent: Intent) -> bool:
    """Whether a deletion is of this object. Ids are a target's own: another target may use them as well."""
    return (recorded.target, recorded.ref) == (intent.target, intent.prior)
