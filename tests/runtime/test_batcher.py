"""Which requests a batch takes, as a property of the queue; and an engine that breaks in a way of its own."""

from __future__ import annotations

import asyncio
from collections import deque

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infractl.errors import ModelError
from infractl.runtime.batcher import Batcher, Job, take
from infractl.runtime.joining import Tensors
from infractl.tensors import Dtype, Signature, TensorSpec

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


class FragileSession:
    """An engine that doubles what it is given, and breaks on what is negative."""

    signature = Signature(
        inputs=(TensorSpec(name="x", dtype=Dtype.float32, shape=("batch",)),),
        outputs=(TensorSpec(name="y", dtype=Dtype.float32, shape=("batch",)),),
    )

    def run(self, inputs: Tensors) -> Tensors:
        if inputs["x"].min() < 0:
            raise KeyError("negative")
        return {"y": inputs["x"] * 2}


def test_an_engine_that_breaks_unforeseen_fails_that_request_and_goes_on_with_the_next() -> None:
    async def ask(*values: float) -> list[Tensors | BaseException]:
        batcher = Batcher([FragileSession()], max_batch=8, max_delay_s=0.0, observe=lambda items: None)
        tensors = [{"x": np.array([value], np.float32)} for value in values]
        # The first goes alone; the others wait for the session together and are joined.
        asked = [batcher.run(tensor, 1, lambda: False) for tensor in tensors]
        try:
            return await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), timeout=30)
        finally:
            batcher.close()

    first, good, bad, also_good = asyncio.run(ask(-1.0, 1.0, -2.0, 3.0))

    for broken in (first, bad):
        with pytest.raises(ModelError, match="KeyError: 'negative'"):
            raise broken
    assert (good["y"], also_good["y"]) == ([2.0], [6.0])
