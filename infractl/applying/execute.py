"""Runs a plan's steps in parallel, in the graph's order: a failure stops what depends on it and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter

from infractl.applying.step import Surroundings, carry_out
from infractl.applying.stop import Stop
from infractl.domain.address import Address
from infractl.domain.applied import StepResult
from infractl.domain.event import Event, Phase
from infractl.domain.plan import Change
from infractl.domain.resource import Recorded
from infractl.domain.step import Failed
from infractl.planning.graph import Node, steps

PARALLELISM = 8


def execute(
    changes: Mapping[Address, Change],
    recorded: Mapping[Address, Recorded],
    around: Surroundings,
    emit: Callable[[Event], None],
    stop: Stop,
    parallelism: int = PARALLELISM,
) -> tuple[StepResult, ...]:
    """Every step's result. `emit` is called from the worker threads too; once `stop` is requested nothing new begins.

    Raises StateError where an intent cannot be written: what runs is finished first.
    """
    graph = steps(changes.values())
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    applied = dict(recorded)
    results: dict[Node, StepResult] = {}
    running: dict[Future[Recorded | Failed | None], Node] = {}
    with ThreadPoolExecutor(parallelism) as workers:
        while True:
            if not stop.requested:
                for node in sorted(sorter.get_ready()):
                    run = workers.submit(_run, node, changes[node.address], dict(applied), around, emit)
                    running[run] = node
            if not running:
                break
            # A timeout, so that a request to stop is seen while steps run; they are finished all the same.
            for run in wait(running, timeout=0.5, return_when=FIRST_COMPLETED).done:
                node = running.pop(run)
                results[node] = _ended(node, run.result(), applied)
                if results[node].phase is Phase.done:
                    sorter.done(node)
    for node in graph:
        if node not in results:
            results[node] = StepResult(address=node.address, action=node.action, phase=Phase.not_started)
            emit(Event(address=node.address, action=node.action, phase=Phase.not_started))
    return tuple(results.values())


def _run(
    node: Node,
    change: Change,
    applied: Mapping[Address, Recorded],
    around: Surroundings,
    emit: Callable[[Event], None],
) -> Recorded | Failed | None:
    clock = around.waiting.clock
    began = clock.monotonic()

    def tell(phase: Phase, detail: str) -> None:
        emit(Event(address=node.address, action=node.action, phase=phase, detail=detail, elapsed_s=clock.monotonic() - began))

    tell(Phase.started, "")
    result = carry_out(node, change, applied, around, lambda detail: tell(Phase.waiting, detail))
    if isinstance(result, Failed):
        tell(Phase.failed, result.detail)
    else:
        tell(Phase.done, result.ref.id if result else "")
    return result


def _ended(node: Node, result: Recorded | Failed | None, applied: dict[Address, Recorded]) -> StepResult:
    """The step's result; what it made or removed is entered into `applied`."""
    if isinstance(result, Failed):
        detail = "; ".join(part for part in (result.detail, result.live) if part)
        return StepResult(address=node.address, action=node.action, phase=Phase.failed, detail=detail, remedy=result.remedy)
    if result is not None:
        applied[node.address] = result
    return StepResult(address=node.address, action=node.action, phase=Phase.done)
