"""Runs a plan's steps in parallel, in the graph's order: a failure stops what depends on it and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import partial
from graphlib import TopologicalSorter
from heapq import heappop, heappush
from queue import SimpleQueue

from infractl.applying.step import Result, Surroundings, Unsettled, Unwritten, carry_out, told
from infractl.applying.stop import Stop
from infractl.applying.workers import Workers
from infractl.domain.address import Address
from infractl.domain.applied import StepResult
from infractl.domain.event import Event, Phase
from infractl.domain.plan import Change
from infractl.domain.resource import Recorded
from infractl.domain.step import Failed
from infractl.errors import StateError
from infractl.planning.graph import Node, order, steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """Every step's result, and why the journal could not be written to its end, if it could not."""

    results: tuple[StepResult, ...]
    unwritten: StateError | None


def execute(
    changes: Iterable[Change],
    recorded: Mapping[Address, Recorded],
    around: Surroundings,
    emit: Callable[[Event], None],
    stop: Stop,
    workers: Workers,
) -> Executed:
    """Carry out every step. `emit` is called from the worker threads too; once `stop` is requested nothing new begins.

    Nor does it once the journal cannot be written: what runs is finished, and the error comes with the results.
    """
    nodes = steps(changes)
    sorter = TopologicalSorter(order(nodes))
    sorter.prepare()
    # Steps read what they depend on, which is there before they begin: they need no copy.
    applied = dict(recorded)
    results: dict[Node, StepResult] = {}
    ready: list[Node] = []
    running: dict[Future[Result], Node] = {}
    ended: SimpleQueue[Future[Result]] = SimpleQueue()
    unwritten: list[StateError] = []
    try:
        while True:
            for node in sorter.get_ready():
                heappush(ready, node)
            while ready and ended.empty() and not unwritten:
                run = workers.begin(partial(_run, ready[0], nodes[ready[0]], applied, around, emit), stop)
                if run is None:
                    break
                running[run] = heappop(ready)
                run.add_done_callback(ended.put)
            if not running:
                break
            run = ended.get()
            node = running.pop(run)
            result = run.result()
            if isinstance(result, Unwritten):
                unwritten.append(result.error)
                if not result.begun:
                    continue
            results[node] = _ended(node, result, applied)
            if results[node].phase is Phase.done:
                sorter.done(node)
    finally:
        wait(running)
    for node in (n for n in nodes if n not in results):
        results[node] = StepResult(address=node.address, action=node.action, phase=Phase.not_started)
        emit(Event(address=node.address, action=node.action, phase=Phase.not_started))
    return Executed(results=tuple(results.values()), unwritten=next(iter(unwritten), None))


def _run(
    node: Node,
    change: Change,
    applied: Mapping[Address, Recorded],
    around: Surroundings,
    emit: Callable[[Event], None],
) -> Result:
    clock = around.waiting.clock
    began = clock.monotonic()

    def tell(phase: Phase, detail: str) -> None:
        elapsed_s = clock.monotonic() - began
        emit(Event(address=node.address, action=node.action, phase=phase, detail=detail, elapsed_s=elapsed_s))

    tell(Phase.started, "")
    result = carry_out(node, change, applied, around, lambda detail: tell(Phase.waiting, detail))
    match result:
        case Failed(detail=detail):
            tell(Phase.failed, detail)
        case Unsettled(detail=detail):
            tell(Phase.unknown, detail)
        case Unwritten(begun=begun, error=error):
            if begun:
                tell(Phase.unknown, error.diagnostics[0].summary)
        case _:
            tell(Phase.done, result.ref.id if result else "")
    return result


def _ended(node: Node, result: Result, applied: dict[Address, Recorded]) -> StepResult:
    """The step's result; what it made is entered into `applied`."""
    match result:
        case Failed(remedy=remedy):
            return StepResult(address=node.address, action=node.action, phase=Phase.failed, detail=told(result), remedy=remedy)
        case Unsettled() | Unwritten():
            remedy = "run the command again: it finds out how that ended, and goes on"
            detail = told(result) if isinstance(result, Unsettled) else result.error.diagnostics[0].summary
            return StepResult(address=node.address, action=node.action, phase=Phase.unknown, detail=detail, remedy=remedy)
        case Recorded():
            applied[node.address] = result
    return StepResult(address=node.address, action=node.action, phase=Phase.done)
