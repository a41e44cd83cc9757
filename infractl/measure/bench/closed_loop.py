"""The closed loop: each stream sends its next query when it has its answer. It shows what a service can do, not how it queues."""

from __future__ import annotations

import time
from array import array
from collections.abc import Sequence
from math import inf

from infractl.measure.bench.job import ClosedJob, Load
from infractl.measure.bench.pool import LOOK_S, Pool


def run_closed(job: ClosedJob, pool: Pool, requests: Sequence[bytes]) -> Load:
    """Send until the time is over, and wait for the answers that are under way."""
    loop = _ClosedLoop(job, pool, requests)
    elapsed_s, cpu_s = loop.run()
    return Load(
        began_s=loop.began_s,
        done_s=loop.done_s,
        late_s=array("d"),
        waited=0,
        unsent=0,
        errors=pool.errors,
        first_error=pool.first_error,
        elapsed_s=elapsed_s,
        cpu_s=cpu_s,
        stopped=pool.stopped,
        gone=pool.gone,
    )


class _ClosedLoop:
    def __init__(self, job: ClosedJob, pool: Pool, requests: Sequence[bytes]) -> None:
        self.began_s = array("d")
        self.done_s = array("d")
        self._job, self._pool, self._requests = job, pool, requests
        self._missing: dict[int, int] = {}
        self._failed: set[int] = set()
        self._finished = 0
        self._idle = job.streams
        pool.settled = self._settled

    def run(self) -> tuple[float, float]:
        """Seconds that it took, and seconds that it computed."""
        pool = self._pool
        pool.start()
        computed_s = time.process_time()
        while not pool.ended and (self._goes_on() or pool.under_way):
            while self._idle and self._goes_on() and not pool.ended:
                self._begin()
            pool.turn(LOOK_S)
        elapsed_s = pool.now_s()
        pool.abandon(pool.gone or "the run ended before its answer")
        return elapsed_s, time.process_time() - computed_s

    def _goes_on(self) -> bool:
        now_s, job = self._pool.now_s(), self._job
        if len(self.began_s) >= job.most:
            return False
        return now_s < job.seconds or (self._finished < job.least and now_s < job.most_s)

    def _begin(self) -> None:
        query, group = len(self.began_s), self._job.group
        self._idle -= 1
        self._missing[query] = group
        self.began_s.append(self._pool.now_s())
        self.done_s.append(inf)
        for place in range(query * group, (query + 1) * group):
            self._pool.send(query, self._requests[place % len(self._requests)])

    def _settled(self, query: int, good: bool) -> None:
        self._missing[query] -= 1
        if not good:
            self._failed.add(query)
        if self._missing[query]:
            return
        del self._missing[query]
        if query not in self._failed:
            self.done_s[query] = self._pool.now_s()
        self._finished += 1
        self._idle += 1
