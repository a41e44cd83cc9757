"""Adaptive batching: an idle session takes a request at once; while all are busy requests gather, and the next takes a batch."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Protocol, TypeAlias

from infractl.engines.engine import Session
from infractl.errors import ModelError
from infractl.runtime.joining import Tensors, answer

_LONG_S = 0.005
"""A call on the event loop that took this long was not brief, whatever was measured; a busy machine alone seldom does that."""


class GoneError(Exception):
    """The client went away before its request was started."""


Outcome: TypeAlias = "Tensors | ModelError | GoneError"


class Job(Protocol):
    """One request that waits or runs. Those with equal `join_key`s can be joined: equal sizes in every axis but the batch."""

    inputs: Tensors
    items: int
    join_key: Hashable
    arrived_s: float
    """The batcher's to set."""

    def is_wanted(self) -> bool:
        """Whether somebody still waits for the outcome."""
        ...

    def tell(self, outcome: Outcome) -> None:
        """The outcome, once."""
        ...


Report: TypeAlias = "Callable[[Worker, Sequence[Job], Sequence[Tensors | ModelError]], None]"


class Worker(Thread):
    """A session in a thread of its own; the engine releases Python's lock while it works."""

    def __init__(self, session: Session, loop: asyncio.AbstractEventLoop, report: Report) -> None:
        # A daemon, so that a call that never ends cannot keep the process alive.
        super().__init__(name="session", daemon=True)
        self.session = session
        self.inbox: SimpleQueue[Sequence[Job] | None] = SimpleQueue()
        self._loop = loop
        self._report = report

    def run(self) -> None:
        while (jobs := self.inbox.get()) is not None:
            outcomes = answer(self.session, [job.inputs for job in jobs])
            # A closed loop means that the server has ended and nobody waits any more.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._report, self, jobs, outcomes)


class Batcher:
    """Made, used and closed on one event loop. `observe` is told the number of items of each call.

    `brief` says that a call of up to `max_batch` items takes less time than to hand it to a thread and back: such calls are made
    on the event loop itself. One that then takes far longer ends that.
    """

    def __init__(
        self,
        sessions: Sequence[Session],
        *,
        max_batch: int,
        max_delay_s: float,
        observe: Callable[[float], None],
        brief: bool = False,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._max_batch = max_batch
        self._max_delay_s = max_delay_s
        self._observe = observe
        self._brief = brief
        self._waiting: deque[Job] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._dispatching = False
        self._workers = [Worker(session, self._loop, self._finished) for session in sessions]
        self._idle = list(self._workers)
        for worker in self._workers:
            worker.start()

    @property
    def depth(self) -> int:
        """Requests that wait for a session."""
        return len(self._waiting)

    def submit(self, job: Job) -> None:
        """Have it answered: `tell` gets the outputs, ModelError where the engine fails, GoneError where the client left."""
        job.arrived_s = self._loop.time()
        self._waiting.append(job)
        if not self._dispatching:
            # After what else has arrived by now, so that it can be joined.
            self._dispatching = True
            self._loop.call_soon(self._dispatch)

    def close(self) -> None:
        """End the workers after the calls they have. Nothing may wait any more."""
        for worker in self._workers:
            worker.inbox.put(None)

    def _dispatch(self) -> None:
        self._dispatching = False
        while self._idle and self._waiting and not self._may_wait():
            jobs = take(self._waiting, self._max_batch)
            if not jobs:
                continue
            items = sum([job.items for job in jobs])
            self._observe(items)
            if self._brief and items <= self._max_batch:
                self._run_here(self._idle[-1].session, jobs)
            else:
                self._idle.pop().inbox.put(jobs)

    def _run_here(self, session: Session, jobs: Sequence[Job]) -> None:
        began_s = time.perf_counter()
        outcomes = answer(session, [job.inputs for job in jobs])
        if time.perf_counter() - began_s > _LONG_S:
            self._brief = False
        _tell(jobs, outcomes)

    def _may_wait(self) -> bool:
        """Whether an idle session does better to wait for more, in which case a timer is set."""
        if not self._max_delay_s or sum(job.items for job in self._waiting) >= self._max_batch:
            return False
        due_s = self._waiting[0].arrived_s + self._max_delay_s
        if self._loop.time() >= due_s:
            return False
        if self._timer is None:
            self._timer = self._loop.call_at(due_s, self._due)
        return True

    def _due(self) -> None:
        self._timer = None
        self._dispatch()

    def _finished(self, worker: Worker, jobs: Sequence[Job], outcomes: Sequence[Tensors | ModelError]) -> None:
        self._idle.append(worker)
        self._dispatch()
        _tell(jobs, outcomes)


def _tell(jobs: Sequence[Job], outcomes: Sequence[Tensors | ModelError]) -> None:
    for job, outcome in zip(jobs, outcomes, strict=True):
        job.tell(outcome)


def take(waiting: deque[Job], max_items: int) -> list[Job]:
    """The next batch, removed from `waiting`: the oldest request and, in their order, those that can be joined to it.

    The oldest may be larger than `max_items`, then it goes alone. Those whose clients are gone are settled and left out.
    """
    taken: list[Job] = []
    others: list[Job] = []
    items = 0
    while waiting and items < max_items:
        job = waiting[0]
        if not job.is_wanted():
            waiting.popleft().tell(GoneError())
        elif taken and job.join_key != taken[0].join_key:
            others.append(waiting.popleft())
        elif taken and items + job.items > max_items:
            break
        else:
            taken.append(waiting.popleft())
            items += job.items
    waiting.extendleft(reversed(others))
    return taken
