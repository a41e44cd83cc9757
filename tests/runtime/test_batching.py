"""Adaptive batching and admission, seen from outside: one session is kept busy while other requests gather."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

# What tests/runtime/conftest.py makes: a module cannot be imported from there.
RunningServer = Any
Inputs = dict[str, Any]

LONG = 1_500_000
"""Rounds that keep a session busy until the requests behind it have arrived."""


class Busy:
    """A server whose only session works on a long request."""

    def __init__(self, server: RunningServer, pool: ThreadPoolExecutor, wait_until: Callable[..., None]) -> None:
        self.server, self.pool, self.wait_until = server, pool, wait_until
        self.calls_before = self.calls

    @property
    def calls(self) -> float:
        return self.server.metric("infractl_batch_items_count", version="1")

    def occupy(self, inputs: Inputs) -> Future[Any]:
        long = self.pool.submit(self.server.infer, inputs)
        self.wait_until(lambda: self.calls == self.calls_before + 1, "the long request to start")
        return long

    def queue(self, *inputs: Inputs) -> list[Future[Any]]:
        """Send these in this order, and return once all of them wait."""
        before = self.server.metric("infractl_queue_depth")
        sent = []
        for count, each in enumerate(inputs, 1):
            sent.append(self.pool.submit(self.server.infer, each))
            self.wait_until(lambda: self.server.metric("infractl_queue_depth") == before + count, "the request to wait")  # noqa: B023
        return sent


@pytest.fixture
def busy(server: RunningServer, busy_model: Path, in_background: ThreadPoolExecutor, wait_until: Callable[..., None]) -> Busy:
    server.serve(busy_model, max_batch=4, max_concurrency=8)
    return Busy(server, in_background, wait_until)


def scores(answer: Any) -> list[float]:
    assert answer.status == 200, answer.body
    return answer.json["outputs"][0]["data"]


def test_requests_that_wait_are_joined_and_each_gets_its_own_answer(busy: Busy, busy_inputs: Callable[..., Inputs]) -> None:
    long = busy.occupy(busy_inputs(0.5, rounds=LONG))
    waiting = busy.queue(*(busy_inputs(float(number)) for number in range(4)))

    assert scores(long.result()) == [0.5]
    assert [scores(each.result()) for each in waiting] == [[0.0], [1.0], [2.0], [3.0]]
    assert busy.calls == busy.calls_before + 2


def test_a_batch_takes_no_more_than_its_cap(busy: Busy, busy_inputs: Callable[..., Inputs]) -> None:
    busy.occupy(busy_inputs(0.5, rounds=LONG))
    for each in busy.queue(*(busy_inputs(float(number)) for number in range(6))):
        assert each.result().status == 200

    assert busy.calls == busy.calls_before + 3
    assert busy.server.metric("infractl_batch_items_bucket", version="1", le="4.0") == busy.calls


def test_requests_of_other_shapes_are_not_joined(busy: Busy, busy_inputs: Callable[..., Inputs]) -> None:
    busy.occupy(busy_inputs(0.5, rounds=LONG))
    waiting = busy.queue(busy_inputs(1.0), busy_inputs(2.0, 3.0), busy_inputs(4.0))

    assert [scores(each.result()) for each in waiting] == [[1.0], [2.0, 3.0], [4.0]]
    assert busy.calls == busy.calls_before + 3


def test_a_request_that_the_engine_refuses_fails_alone(busy: Busy, busy_inputs: Callable[..., Inputs]) -> None:
    busy.occupy(busy_inputs(0.5, rounds=LONG))
    good, bad, also_good = busy.queue(busy_inputs(1.0), busy_inputs(2.0, pick=9), busy_inputs(3.0))

    assert (scores(good.result()), scores(also_good.result())) == ([1.0], [3.0])
    assert bad.result().status == 500
    assert "out of data bounds" in bad.result().json["error"]
    assert "Traceback" not in busy.server.log.read_text()


def test_beyond_the_bound_a_request_is_refused_at_once(busy: Busy, busy_inputs: Callable[..., Inputs]) -> None:
    long = busy.occupy(busy_inputs(0.5, rounds=LONG))
    waiting = busy.queue(*(busy_inputs(1.0) for _ in range(7)))

    refused = busy.server.infer(busy_inputs(1.0))

    assert not long.done()
    assert (refused.status, refused.headers["retry-after"]) == (503, "1")
    assert "8 requests already" in refused.json["error"]
    assert all(each.result().status == 200 for each in (long, *waiting))
    assert busy.server.infer(busy_inputs(1.0)).status == 200


def test_a_request_whose_client_left_is_not_run(
    busy: Busy, busy_inputs: Callable[..., Inputs], request_body: Callable[..., bytes]
) -> None:
    long = busy.occupy(busy_inputs(0.5, rounds=LONG))
    impatient = busy.server.connect()
    impatient.request("POST", "/v2/models/fraud/infer", request_body(busy_inputs(1.0)))
    busy.wait_until(lambda: busy.server.metric("infractl_queue_depth") == 1, "the request to wait")
    impatient.close()
    [patient] = busy.queue(busy_inputs(2.0))

    assert (long.result().status, scores(patient.result())) == (200, [2.0])
    assert busy.server.metric("infractl_batch_items_sum", version="1") == busy.calls_before + 2
    assert busy.server.metric("infractl_requests_total", version="1", code="499") == 1


def test_two_instances_work_side_by_side(
    server: RunningServer,
    busy_model: Path,
    in_background: ThreadPoolExecutor,
    busy_inputs: Callable[..., Inputs],
    wait_until: Any,
) -> None:
    server.serve(busy_model, instances=2)
    busy = Busy(server, in_background, wait_until)
    long = busy.occupy(busy_inputs(0.5, rounds=LONG))

    assert server.infer(busy_inputs(1.0)).status == 200
    assert not long.done()


def test_an_idle_session_waits_for_a_full_batch_only_where_it_may(
    server: RunningServer,
    busy_model: Path,
    in_background: ThreadPoolExecutor,
    busy_inputs: Callable[..., Inputs],
    wait_until: Any,
) -> None:
    server.serve(busy_model, max_batch=3, max_delay_s=20.0)
    busy = Busy(server, in_background, wait_until)
    waiting = busy.queue(busy_inputs(1.0), busy_inputs(2.0))
    assert busy.calls == 0

    last = server.infer(busy_inputs(3.0))

    assert [scores(answer) for answer in (*(each.result() for each in waiting), last)] == [[1.0], [2.0], [3.0]]
    assert busy.calls == 1


def test_a_delay_ends_without_a_full_batch(server: RunningServer, busy_model: Path, busy_inputs: Callable[..., Inputs]) -> None:
    server.serve(busy_model, max_batch=3, max_delay_s=0.01)

    assert server.infer(busy_inputs(1.0)).status == 200


def test_a_model_without_a_batch_runs_one_request_a_call(
    server: RunningServer, make_mlp: Callable[..., Path], tmp_path: Path, in_background: ThreadPoolExecutor
) -> None:
    import numpy as np

    server.serve(make_mlp(tmp_path / "m.onnx", batch=2), max_batch=8)
    inputs = {"features": np.ones((2, 30), np.float32)}

    answers = list(in_background.map(server.infer, [inputs] * 12))

    assert all(len(scores(answer)) == 4 for answer in answers)
    assert server.metric("infractl_batch_items_count", version="1") == 12
