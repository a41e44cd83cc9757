"""Which requests a batch takes, as a property of the queue."""

from __future__ import annotations

import asyncio
from collections import deque

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from infractl.runtime.batcher import Job, take

requests = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 3), st.booleans()), min_size=1, max_size=12)


@given(requests=requests, max_items=st.integers(1, 8))
def test_emptying_a_queue_keeps_order_shape_and_cap(requests: list[tuple[int, int, bool]], max_items: int) -> None:
    loop = asyncio.new_event_loop()
    jobs = [
        Job(
            inputs={"x": np.zeros((items, length))},
            items=items,
            gone=lambda gone=gone: gone,
            arrived_s=0.0,
            answered=loop.create_future(),
        )
        for items, length, gone in requests
    ]
    waiting, batches = deque(jobs), []
    while waiting:
        oldest = next((job for job in waiting if not job.gone()), None)
        batches.append(batch := take(waiting, max_items))
        assert batch[:1] == ([oldest] if oldest else [])

    taken = [job for batch in batches for job in batch]
    assert sorted(map(jobs.index, taken)) == [index for index, job in enumerate(jobs) if not job.gone()]
    for batch in batches:
        assert len({job.join_key for job in batch}) <= 1
        assert len(batch) == 1 or sum(job.items for job in batch) <= max_items
    for key in {job.join_key for job in taken}:
        alike = [jobs.index(job) for job in taken if job.join_key == key]
        assert alike == sorted(alike)
    for job in jobs:
        assert job.answered.done() == job.gone()
        if job.answered.done():
            job.answered.exception()
    loop.close()
