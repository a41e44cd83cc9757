"""The open loop: requests are due at their own times, and each latency counts from there.

A client that waited for an answer before it sends the next request would send none while the server stalls, and so omit just
the requests that the stall would have kept waiting (Tene, "How NOT to Measure Latency", calls it coordinated omission). Here what
is due during a stall is due all the same.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Sequence
from math import inf

from infractl.measure.bench.arrival import due_times
from infractl.measure.bench.job import Load, OpenJob
from infractl.measure.bench.pool import LOOK_S, Pool

SPIN_S = 50e-6
"""So long before a request is due the client stays awake, or the kernel's wake-up would be a part of each latency."""

MOST_SPUN_PER_S = 2000.0
"""At a higher rate it would be awake too much of its time; then answers keep it awake anyway."""

_MOST_AT_ONCE = 16
"""So many overdue requests are sent before answers are looked at again."""


def run_open(job: OpenJob, pool: Pool, requests: Sequence[bytes]) -> Load:
    """Send what is due until the time is over, and wait for the answers."""
    loop = _OpenLoop(job, pool, requests)
    elapsed_s, cpu_s = loop.run()
    return Load(
        began_s=array("d", loop.due_s),
        done_s=loop.done_s,
        late_s=loop.late_s,
        waited=loop.waited,
        unsent=len(loop.due_s) - loop.sent,
        errors=loop.errors,
        first_error=loop.first_error,
        elapsed_s=elapsed_s,
        cpu_s=cpu_s,
        stopped=pool.stopped,
        gone=pool.gone,
    )


class _OpenLoop:
    def __init__(self, job: OpenJob, pool: Pool, requests: Sequence[bytes]) -> None:
        self.due_s = due_times(job.arrivals, job.rate_per_s, job.seconds, job.seed)
        self.done_s = array("d", [inf]) * len(self.due_s)
        self.late_s = array("d")
        self.waited = 0
        self.sent = 0
        self.errors = 0
        self.first_error = ""
        self._job, self._pool, self._requests = job, pool, requests
        pool.settled = self._settled

    def run(self) -> tuple[float, float]:
        """Seconds that it took, and seconds that it computed."""
        pool, due_s, end = self._pool, self.due_s, len(self.due_s)
        spin_s = SPIN_S if self._job.rate_per_s <= MOST_SPUN_PER_S else 0.0
        pool.start()
        computed_s = time.process_time()
        while not pool.ended and (self.sent < end or pool.under_way):
            if self.sent < end:
                self._send_due()
            if self.sent == end or pool.full:
                pool.turn(LOOK_S)
            else:
                pool.turn(due_s[self.sent] - pool.now_s(), spin_s)
        elapsed_s = pool.now_s()
        self.errors, self.first_error = pool.errors, pool.first_error
        pool.abandon(pool.gone or "the run ended before its answer")
        if pool.gone:
            # Else what has no answer yet is slow, and did not fail: a service that is overloaded is measured to be so.
            self.errors, self.first_error = pool.errors, pool.first_error
        return elapsed_s, time.process_time() - computed_s

    def _send_due(self) -> None:
        pool, due_s, end = self._pool, self.due_s, len(self.due_s)
        for _ in range(_MOST_AT_ONCE):
            if self.sent == end or pool.full or pool.ended:
                break
            late_s = pool.now_s() - due_s[self.sent]
            if late_s < 0:
                return
            self.late_s.append(late_s)
            self._send()
        if self.sent < end and pool.now_s() - due_s[self.sent] > self._job.give_up_s:
            pool.stopped = pool.stopped or f"it fell {self._job.give_up_s:g}s behind"

    def _send(self) -> None:
        number = self.sent
        self.sent += 1
        self._pool.send(number, self._requests[number % len(self._requests)])

    def _settled(self, number: int, good: bool) -> None:
        now_s = self._pool.now_s()
        if good:
            self.done_s[number] = now_s
        # A request that was due while every connection was taken goes on the first that is free; that wait is the service's.
        if self._was_full and self.sent < len(self.due_s) and not self._pool.ended and self.due_s[self.sent] <= now_s:
            self.waited += 1
            self._send()

    @property
    def _was_full(self) -> bool:
        return self._pool.under_way + 1 >= self._job.connections
