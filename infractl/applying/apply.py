"""Applies one service's plan under its lock: executes, folds the journal into the state, and says what became of each step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from infractl.applying.connection import Connections
from infractl.applying.execute import execute
from infractl.applying.settle import replay
from infractl.applying.step import Surroundings
from infractl.applying.stop import Stop
from infractl.applying.wait import Waiting
from infractl.applying.workers import Workers
from infractl.domain.address import Owner
from infractl.domain.applied import Applied, StepResult
from infractl.domain.event import Event, Phase
from infractl.domain.journal import Entry, Operation
from infractl.domain.plan import ServicePlan
from infractl.domain.service_state import ServiceState
from infractl.domain.value import Output, resolve
from infractl.errors import StateError
from infractl.planning.graph import steps
from infractl.state.store import StateStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What an apply is given besides the plan: the store and the epoch of its lease, the targets, and who runs it."""

    store: StateStore
    epoch: int
    connections: Connections
    waiting: Waiting
    emit: Callable[[Event], None]
    stop: Stop
    who: str
    workers: Workers


def apply_service(plan: ServicePlan, state: ServiceState | None, run: Run) -> Applied:
    """Carry out `plan`, made from `state` (None: nothing yet). The caller holds the lock and knows that the plan is not stale.

    Raises StateError where not even its beginning can be written. Where that happens later, what was done is in the journal, and
    the results have the error with them.
    """
    if state is None:
        if not plan.changed:
            return Applied(plan=plan, results=(), state=None)
        state = _first(plan, run)
        run.store.write(plan.key, state, expected_serial=0, epoch=run.epoch)
    entries = list(run.store.entries(plan.key))

    def journal(entry: Entry) -> None:
        run.store.append(plan.key, run.epoch, entry, durably=_needed_after_power_cut(entry))
        entries.append(entry)

    around = Surroundings(
        owner=Owner(key=plan.key, lineage=state.lineage),
        serial=state.serial,
        connections=run.connections,
        journal=journal,
        waiting=run.waiting,
    )
    recorded = {r.address: r for r in state.resources}
    done = execute(plan.changes, recorded, around, run.emit, run.stop, run.workers)
    if done.unwritten:
        return Applied(plan=plan, results=done.results, state=state, errors=done.unwritten.diagnostics)
    try:
        return _fold(plan, state, entries, done.results, run)
    except StateError as error:
        return Applied(plan=plan, results=done.results, state=state, errors=error.diagnostics)


def _needed_after_power_cut(entry: Entry) -> bool:
    """All but a call that left no operation to wait for: the object is there then, and found by its labels."""
    return not (isinstance(entry, Operation) and not entry.pending.token)


def not_started(plan: ServicePlan, state: ServiceState | None) -> Applied:
    """Of a service that was not begun."""
    results = [StepResult(address=n.address, action=n.action, phase=Phase.not_started) for n in steps(plan.changes)]
    return Applied(plan=plan, results=tuple(results), state=state)


def _fold(plan: ServicePlan, state: ServiceState, entries: Sequence[Entry], results: tuple[StepResult, ...], run: Run) -> Applied:
    after, open_steps = replay(state, entries)
    complete = all(r.phase is Phase.done for r in results)
    if not complete and not entries:
        # Nothing was begun: the plan stays as fresh as it was.
        return Applied(plan=plan, results=results, state=state)
    if complete and plan.deployment is None and not plan.partial and not after.resources and not after.deposed:
        run.store.delete(plan.key, expected_serial=state.serial, epoch=run.epoch)
        return Applied(plan=plan, results=results, state=None)
    after = replace(
        after,
        serial=state.serial + 1,
        changed_at=run.waiting.clock.now(),
        changed_by=run.who,
        open_steps=open_steps,
    )
    if plan.deployment and not after.deployment:
        after = replace(after, begun_protected=plan.deployment.protected)
    if complete and not plan.partial:
        after = replace(
            after,
            target=plan.target,
            spec_digest=plan.spec_digest,
            deployment=plan.deployment,
            rollback=plan.rollback,
            outputs=_outputs(plan, after),
        )
    run.store.fold(plan.key, after, expected_serial=state.serial, epoch=run.epoch)
    return Applied(plan=plan, results=results, state=after)


def _outputs(plan: ServicePlan, state: ServiceState) -> dict[str, object]:
    records = {r.address: r for r in state.resources}

    def known(output: Output) -> object:
        record = records.get(output.address)
        return record.outputs.get(output.attribute) if record else None

    return {name: resolve(value, known) for name, value in plan.outputs.items()}


def _first(plan: ServicePlan, run: Run) -> ServiceState:
    """The document that exists before the first intent is written, so that a crash leaves a journal that belongs to something."""
    return ServiceState(
        key=plan.key,
        lineage=plan.lineage,
        serial=1,
        target=plan.target,
        spec_digest="",
        deployment=None,
        resources=(),
        outputs={},
        changed_at=run.waiting.clock.now(),
        changed_by=run.who,
        begun_protected=bool(plan.deployment and plan.deployment.protected),
    )
