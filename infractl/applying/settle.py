"""After a crash: what the journal says happened, and what became of the steps whose end it does not tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from infractl.applying.connection import Connections, kind_of
from infractl.applying.ledger import Ledger, stands_beside
from infractl.applying.sighting import find_new
from infractl.applying.step import record
from infractl.applying.wait import READ_EVERY_S, Waiting, retried, wait
from infractl.domain.action import Action
from infractl.domain.address import Owner
from infractl.domain.health import HealthStatus
from infractl.domain.journal import Entry, Intent, OpenStep, Operation, Outcome
from infractl.domain.resource import Live, Recorded
from infractl.domain.service_state import ServiceState
from infractl.domain.step import Done, Failed, Running, Step
from infractl.errors import ProviderError, StateError, TransientProviderError
from infractl.planning.leave import needed_changes
from infractl.provider.plugin import GuardedKind


def replay(state: ServiceState, entries: Iterable[Entry]) -> tuple[ServiceState, tuple[OpenStep, ...]]:
    """Pure: the state after the journal's outcomes, and the steps that have none, in the order they were begun.

    Raises StateError for the end of a step that nothing says was begun.
    """
    ledger = Ledger(state)
    open_steps = {step.intent.step: step for step in state.open_steps}
    for entry in entries:
        match entry:
            case Intent():
                open_steps[entry.step] = OpenStep(intent=entry, pending=None)
            case _ if entry.step not in open_steps:
                raise _never_begun(state, entry.step)
            case Operation():
                open_steps[entry.step] = replace(open_steps[entry.step], pending=entry.pending)
            case Outcome():
                ledger.enter(open_steps.pop(entry.step).intent, entry.recorded)
    return ledger.state, tuple(open_steps.values())


def _never_begun(state: ServiceState, step: str) -> StateError:
    return StateError.of(
        "journal-damaged",
        summary="the journal of unfinished work is damaged",
        detail=f"it tells of step {step}, and not that it was begun",
        at=str(state.key),
        remedy="keep a copy of the service's journal and move it away; the next apply finds what its steps made by their labels",
    )


def settle(
    state: ServiceState, open_steps: Sequence[OpenStep], owner: Owner, connections: Connections, waiting: Waiting
) -> ServiceState:
    """The state once each open step was looked up: wait for its operation, then read by ref, then find by label.

    A create whose object is nowhere is looked for until it would show, and then taken for never begun: all of them are waited for
    together, so that a crash before a call costs that once. What a create left is recorded as it lives, so that the next plan
    mends what is missing. A delete whose object is gone is made once more where its operation was not written down, for whatever
    it was still to do. A step that has not ended yet stays open. Raises ProviderError.
    """
    ledger = Ledger(state)
    running: list[OpenStep] = []
    for step, kind, left in _ends(open_steps, owner, connections, waiting):
        if left is None and step.intent.action is Action.delete and step.pending is None:
            left = _deleted_again(step.intent, kind, owner, ledger, waiting)
        if isinstance(left, Running):
            running.append(step)
        else:
            ledger.enter(step.intent, _record(ledger, step.intent, kind, left))
    return replace(ledger.state, open_steps=tuple(running))


def outlast(open_steps: Sequence[OpenStep], owner: Owner, connections: Connections, waiting: Waiting) -> tuple[OpenStep, ...]:
    """Wait for each as `settle` does, where no state records how it ended; those that run even then. Raises ProviderError."""
    return tuple(step for step, _, left in _ends(open_steps, owner, connections, waiting) if isinstance(left, Running))


def _ends(
    open_steps: Sequence[OpenStep], owner: Owner, connections: Connections, waiting: Waiting
) -> Iterator[tuple[OpenStep, GuardedKind, Live | Running | None]]:
    """Each step with what it left, or that it runs still."""
    began = waiting.clock.monotonic()
    for step in open_steps:
        kind = kind_of(connections, step.intent.target, step.intent.address.kind)
        ended, shows_s = step, min(waiting.settle_s, kind.schema.shows_s) if step.intent.action is Action.create else 0.0
        match wait(kind, step.pending, waiting) if step.pending else None:
            case Running() as running:
                yield step, kind, running
                continue
            case Done(ref=ref) if step.pending:
                ended = replace(step, pending=replace(step.pending, ref=ref))
            case Failed():
                shows_s = 0.0
        since = waiting.clock.monotonic() if step.pending else began
        yield step, kind, _at_rest(kind, ended, owner, waiting, since + shows_s)


def _at_rest(kind: GuardedKind, step: OpenStep, owner: Owner, waiting: Waiting, shown: float) -> Live | None:
    """What the step left, once it is on its way no more.

    A run may die before it writes down its operation: then the object alone tells that something still happens to it. What
    never comes to rest is taken as it is when the time is up, so that it can be changed or destroyed. What is seen nowhere when
    it must have `shown` is not there.
    """
    deadline = waiting.clock.monotonic() + waiting.of(kind).longest_s
    while True:
        live = retried(partial(_look_up, kind, step, owner), waiting)
        if live is None and waiting.clock.monotonic() < shown:
            waiting.tell(f"{step.intent.address}: not seen yet")
            waiting.clock.sleep(READ_EVERY_S)
            continue
        if live is None or step.intent.desired is None:
            return live
        health = kind.health(step.intent.desired, live)
        if health.status is not HealthStatus.progressing or waiting.clock.monotonic() >= deadline:
            return live
        waiting.tell(f"{step.intent.address}: {health.reason or 'not healthy yet'}")
        waiting.clock.sleep(READ_EVERY_S)


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


def _deleted_again(intent: Intent, kind: GuardedKind, owner: Owner, ledger: Ledger, waiting: Waiting) -> Running | None:
    """The run may have died within the call, when the object was gone and what belongs to it was not: only the kind knows.

    A refusal changes nothing: the object is gone. Raises ProviderError where the same call may succeed later.
    """
    if intent.prior is None:
        return None
    known = next((r for r in (ledger.meant(intent), ledger.recorded(intent.address)) if r and r.ref == intent.prior), None)
    labels = owner.labels(intent.address) if known and known.labelled else {}
    prior = Live(ref=intent.prior, properties=known.outputs if known else {}, labels=labels)
    step = Step(action=intent.action, key=intent.step, address=intent.address, owner=owner, desired=None, prior=prior)
    try:
        pending = retried(lambda: kind.begin(step), waiting.of(kind))
        ended = wait(kind, pending, waiting)
    except TransientProviderError:
        raise
    except ProviderError:
        return None
    return ended if isinstance(ended, Running) else None


def _record(ledger: Ledger, intent: Intent, kind: GuardedKind, live: Live | None) -> Recorded | None:
    before = ledger.recorded(intent.address)
    if live is None:
        return before if before and stands_beside(before, intent) else None
    if intent.desired is None:
        return ledger.meant(intent) or before
    wanted, managed = intent.desired.properties, kind.managed(intent.desired, live)
    if not needed_changes(intent.desired, managed, wanted, kind.schema):
        return record(intent.desired, wanted, intent.target, live)
    return before if intent.action is Action.update else record(intent.desired, managed, intent.target, live)
