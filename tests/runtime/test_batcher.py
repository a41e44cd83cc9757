"""Which requests a batch takes, as a property of the queue; and an engine that breaks in a way of its own."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infractl.errors import ModelError
from infractl.runtime.batcher import Batcher, GoneError, Job, Outcome, take
from infractl.runtime.joining import Tensors
from infractl.tensors import Dtype, Signature, TensorSpec

requests = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 3), st.booleans()), min_size=1, max_size=12)


class Asked:
    """A job that keeps what it is told."""

    def __init__(self, inputs: Tensors, items: int = 1, wanted: bool = True) -> None:
        self.inputs = inputs
        self.items = items
        self.join_key = tuple(tensor.shape[1:] for tensor in inputs.values())
        self.arrived_s = 0.0
        self.told: asyncio.Queue[Outcome] = asyncio.Queue()
        self._wanted = wanted

    def is_wanted(self) -> bool:
        return self._wanted

    def tell(self, outcome: Outcome) -> None:
        self.told.put_nowait(outcome)


@given(requests=requests, max_items=st.integers(1, 8))
def test_emptying_a_queue_keeps_order_shape_and_cap(requests: list[tuple[int, int, bool]], max_items: int) -> None:
    jobs = [Asked({"x": np.zeros((items, length))}, items, wanted) for items, length, wanted in requests]
    waiting: deque[Job] = deque(jobs)
    batches = []
    while waiting:
        oldest = next((job for job in waiting if job.is_wanted()), None)
        batches.append(batch := take(waiting, max_items))
        assert batch[:1] == ([oldest] if oldest else [])

    taken = [job for batch in batches for job in batch]
    assert sorted(map(jobs.index, taken)) == [index for index, job in enumerate(jobs) if job.is_wanted()]
    for batch in batches:
        assert len({job.join_key for job in batch}) <= 1
        assert len(batch) == 1 or sum(job.items for job in batch) <= max_items
    for key in {job.join_key for job in taken}:
        alike = [jobs.index(job) for job in taken if job.join_key == key]
        assert alike == sorted(alike)
    for job in jobs:
        assert job.told.qsize() == (0 if job.is_wanted() else 1)
        assert job.is_wanted() or isinstance(job.told.get_nowait(), GoneError)


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


class SlowSession(FragileSession):
    """Takes its time over what is larger than a hundred, and keeps the thread of each call."""

    def __init__(self) -> None:
        self.threads: list[str] = []

    def run(self, inputs: Tensors) -> Tensors:
        self.threads.append(threading.current_thread().name)
        if inputs["x"].max() > 100:
            time.sleep(0.02)
        return super().run(inputs)


async def ask_in_turn(batcher: Batcher, *values: list[float]) -> list[Outcome]:
    """Each is asked once the one before it was answered."""
    outcomes = []
    for value in values:
        job = Asked({"x": np.array(value, np.float32)}, len(value))
        batcher.submit(job)
        outcomes.append(await asyncio.wait_for(job.told.get(), timeout=30))
    return outcomes


@pytest.mark.parametrize("brief", [True, False])
def test_an_engine_that_breaks_unforeseen_fails_that_request_and_goes_on_with_the_next(brief: bool) -> None:
    async def ask(*values: float) -> list[Outcome]:
        batcher = Batcher([FragileSession()], max_batch=8, max_delay_s=0.0, observe=lambda items: None, brief=brief)
        jobs = [Asked({"x": np.array([value], np.float32)}) for value in values]
        for job in jobs:
            batcher.submit(job)
        try:
            return [await asyncio.wait_for(job.told.get(), timeout=30) for job in jobs]
        finally:
            batcher.close()

    good, bad, also_good = asyncio.run(ask(1.0, -2.0, 3.0))

    assert isinstance(bad, ModelError)
    assert "KeyError: 'negative'" in str(bad)
    assert [outcome["y"] for outcome in (good, also_good)] == [[2.0], [6.0]]


def test_requests_that_arrive_together_make_one_call() -> None:
    calls: list[float] = []

    async def ask() -> None:
        batcher = Batcher([FragileSession()], max_batch=4, max_delay_s=0.0, observe=calls.append)
        jobs = [Asked({"x": np.array([value], np.float32)}) for value in range(6)]
        for job in jobs:
            batcher.submit(job)
        for value, job in enumerate(jobs):
            outcome = await asyncio.wait_for(job.told.get(), timeout=30)
            assert outcome["y"] == [2.0 * value]
        batcher.close()

    asyncio.run(ask())

    assert calls == [4, 2]


class TwofoldSession(FragileSession):
    """Has two outputs, of other types and shapes."""

    def run(self, inputs: Tensors) -> Tensors:
        return {"y": inputs["x"] * 2, "pairs": np.stack([inputs["x"], -inputs["x"]], axis=1).astype(np.int64)}


def test_of_a_joined_call_each_request_gets_its_own_rows_of_every_output() -> None:
    async def ask() -> list[Outcome]:
        batcher = Batcher([TwofoldSession()], max_batch=8, max_delay_s=0.0, observe=lambda items: None)
        jobs = [Asked({"x": np.array(values, np.float32)}, len(values)) for values in ([1.0], [2.0, 3.0], [4.0])]
        for job in jobs:
            batcher.submit(job)
        outcomes = [await asyncio.wait_for(job.told.get(), timeout=30) for job in jobs]
        batcher.close()
        return outcomes

    outcomes = asyncio.run(ask())

    assert [{name: tensor.tolist() for name, tensor in outcome.items()} for outcome in outcomes] == [
        {"y": [2.0], "pairs": [[1, -1]]},
        {"y": [4.0, 6.0], "pairs": [[2, -2], [3, -3]]},
        {"y": [8.0], "pairs": [[4, -4]]},
    ]


def test_brief_calls_are_made_on_the_event_loop_and_larger_ones_than_were_timed_in_a_thread() -> None:
    session = SlowSession()

    async def ask() -> list[Outcome]:
        batcher = Batcher([session], max_batch=2, max_delay_s=0.0, observe=lambda items: None, brief=True)
        outcomes = await ask_in_turn(batcher, [1.0], [1.0, 2.0], [1.0, 2.0, 3.0], [4.0])
        batcher.close()
        return outcomes

    outcomes = asyncio.run(ask())

    assert [outcome["y"].tolist() for outcome in outcomes] == [[2.0], [2.0, 4.0], [2.0, 4.0, 6.0], [8.0]]
    assert session.threads == ["MainThread", "MainThread", "session", "MainThread"]


def test_a_model_that_is_not_brief_after_all_gets_a_thread() -> None:
    session = SlowSession()

    async def ask() -> None:
        batcher = Batcher([session], max_batch=2, max_delay_s=0.0, observe=lambda items: None, brief=True)
        await ask_in_turn(batcher, [1.0], [101.0], [1.0], [1.0])
        batcher.close()

    asyncio.run(ask())

    assert session.threads == ["MainThread", "MainThread", "session", "session"]
