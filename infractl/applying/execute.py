"""Runs a plan's steps in parallel, in the graph's order: a failure stops what depends on it and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from heapq import heappop, heappush

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
    # Steps read what they depend on, which is there before they begin: they need no copy.
    applied = dict(recorded)
    results: dict[Node, StepResult] = {}
    unwritten: list[StateError] = []

    def step(node: Node) -> bool:
        result = _run(node, nodes[node], applied, around, emit)
        if isinstance(result, Unwritten):
            unwritten.append(result.error)
            if not result.begun:
                return False
        results[node] = _ended(node, result, applied)
        return results[node].phase is Phase.done

    _Course(order(nodes), step, lambda: stop.requested or bool(unwritten), workers).run()
    for node in (n for n in nodes if n not in results):
        results[node] = StepResult(address=node.address, action=node.action, phase=Phase.not_started)
        emit(Event(address=node.address, action=node.action, phase=Phase.not_started))
    return Executed(results=tuple(results.values()), unwritten=next(iter(unwritten), None))


class _Course:
    """Steps in their order. A thread whose step is done goes on with one that waited for it: nobody has to be woken for that.

    `step` carries one out and says whether what waits for it may begin. Each turn is a thread's, waited for or had; there are no
    more than can be used, and one that made nothing ready goes to the end of the line, so that other services have theirs.
    """

    def __init__(
        self,
        order: Mapping[Node, Iterable[Node]],
        step: Callable[[Node], bool],
        is_over: Callable[[], bool],
        workers: Workers,
    ) -> None:
        self._sorter = TopologicalSorter(order)
        self._sorter.prepare()
        self._step, self._is_over, self._workers = step, is_over, workers
        self._guard, self._at_rest = threading.Lock(), threading.Event()
        self._ready: list[Node] = []
        self._running = self._turns = 0
        self._error: BaseException | None = None

    def run(self) -> None:
        """Raises what a step raises, once those that run have ended."""
        with self._guard:
            self._look_for_ready()
            self._take_turns()
        try:
            self._at_rest.wait()
        except BaseException as error:
            self._error = error
            self._at_rest.wait()
            raise
        if self._error is not None:
            raise self._error

    def _turn(self) -> None:
        try:
            with self._guard:
                node = self._begun()
            while node is not None:
                node = self._after(node, self._carried_out(node))
            with self._guard:
                self._turns -= 1
                self._take_turns()
        except BaseException as error:  # noqa: BLE001 - no thread can be had for another turn: nobody is to wait for it
            self._error = error
            self._at_rest.set()

    def _carried_out(self, node: Node) -> bool:
        try:
            return self._step(node)
        except BaseException as error:  # noqa: BLE001 - it is raised in the thread that waits for the course
            self._error = error
            return False

    def _after(self, node: Node, is_done: bool) -> Node | None:
        """What the same thread carries out next: only where its step has made something ready."""
        with self._guard:
            self._running -= 1
            if not is_done:
                return None
            self._sorter.done(node)
            following = self._begun() if self._look_for_ready() else None
            self._take_turns()
            return following

    def _look_for_ready(self) -> bool:
        found = self._sorter.get_ready()
        for node in found:
            heappush(self._ready, node)
        return bool(found)

    def _begun(self) -> Node | None:
        if not self._ready or self._is_over() or self._error is not None:
            return None
        self._running += 1
        return heappop(self._ready)

    def _take_turns(self) -> None:
        if not (self._is_over() or self._error is not None):
            wanted = min(self._workers.parallelism, self._running + len(self._ready))
            for _ in range(wanted - self._turns):
                self._turns += 1
                self._workers.begin(self._turn)
        if not self._turns:
            self._at_rest.set()


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
