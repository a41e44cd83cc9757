"""The capacity of a queue whose latencies are known, loaded with the arrivals of the real jobs; and of a real server."""

from __future__ import annotations

import json
from array import array
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from math import inf

import pytest

from infractl.domain.bench import Run
from infractl.measure.bench.arrival import due_times
from infractl.measure.bench.capacity import ABOVE_SATURATION, run_capacity, verdict
from infractl.measure.bench.job import Job, Load, OpenJob
from infractl.measure.bench.percentile import least_samples
from infractl.measure.bench.search import Outcome
from infractl.measure.bench.terms import LEAST_WARM_UP_S, LENGTHENED, Requests, Terms

REQUESTS = Requests(bodies=[b"{}"], items=1, extents={}, source="made here")
STALL_S = 0.4


@dataclass(kw_only=True)
class Queue:
    """One server that takes `service_s` for each request in turn; amid the loads `stalls` it does nothing for `STALL_S`."""

    service_s: float
    stalls: Collection[int] = ()
    gone: str = ""
    jobs: list[OpenJob] = field(default_factory=list)

    def send(self, job: Job, bodies: Sequence[bytes]) -> Load:
        assert isinstance(job, OpenJob)
        due_s = due_times(job.arrivals, job.rate_per_s, job.seconds, job.seed)
        stalled = len(self.jobs) in self.stalls
        self.jobs.append(job)
        free_s = 0.0
        done_s = array("d")
        for at_s in due_s:
            begins_s = max(at_s, free_s)
            if stalled and begins_s > job.seconds / 2:
                begins_s, stalled = begins_s + STALL_S, False
            free_s = begins_s + self.service_s
            done_s.append(free_s)
        behind = free_s > job.seconds + job.give_up_s
        return load(due_s, done_s, stopped=f"it fell {job.give_up_s:g}s behind" if behind else "", gone=self.gone)

    def measured(self, duration_s: float, limits_s: dict[int, float], known: Run | None = None) -> Run:
        terms = Terms(requests=REQUESTS, whole=REQUESTS, rate_per_s=None, limits_s=limits_s, duration_s=duration_s, connections=8)
        return run_capacity(terms, self.send, top=ABOVE_SATURATION / self.service_s, known=known)


def load(due_s: Sequence[float], done_s: Sequence[float], **given: str) -> Load:
    return Load(
        began_s=array("d", due_s),
        done_s=array("d", done_s),
        late_s=array("d", [0.0]),
        waited=0,
        unsent=0,
        errors=0,
        first_error="",
        elapsed_s=max(due_s, default=0.0),
        cpu_s=0.0,
        stopped=given.get("stopped", ""),
        gone=given.get("gone", ""),
    )


def test_a_slow_service_is_loaded_long_enough_at_each_rate_and_has_a_capacity() -> None:
    queue = Queue(service_s=1 / 142)

    run = queue.measured(1.0, {99: 0.1})

    assert 100 < run.figures["rate"].value < 142
    assert len(queue.jobs) == len(run.tried) > 3
    for job in queue.jobs:
        due_s = due_times(job.arrivals, job.rate_per_s, job.seconds, job.seed)
        assert sum(at_s >= LEAST_WARM_UP_S for at_s in due_s) >= least_samples(0.99)
        assert job.seconds <= LEAST_WARM_UP_S + LENGTHENED * 1.0
    assert not any("too few" in step.reason for step in run.tried)


def test_a_service_too_slow_to_be_told_in_time_is_not_loaded_and_has_no_figure_with_the_reason() -> None:
    queue = Queue(service_s=1 / 20)

    run = queue.measured(1.0, {99: 0.5})

    assert not queue.jobs and not run.tried and not run.figures
    assert run.lacking["rate"] == (
        "p99 is told from about 449 requests, and 26/s brings fewer in 4s, the longest that one rate is loaded: "
        "pass --duration 9s or more"
    )
    assert 10 < Queue(service_s=1 / 20).measured(9.0, {99: 0.5}).figures["rate"].value < 20


def test_where_the_lowest_rate_that_can_be_told_breaks_no_lower_one_is_tried() -> None:
    queue = Queue(service_s=1 / 142)

    run = queue.measured(1.0, {99: 0.001})

    lowest = min(step.rate_per_s for step in run.tried)
    assert lowest == pytest.approx(449 / LENGTHENED)
    assert [step.rate_per_s for step in run.tried].count(lowest) == 2
    assert run.lacking["rate"].endswith("the lowest rate that shows p99 within 4s: pass --duration 2s or more to try lower ones")


def test_a_lower_percentile_needs_less_time() -> None:
    run = Queue(service_s=1 / 20).measured(2.0, {50: 0.2})

    assert 10 < run.figures["rate"].value < 20


@pytest.mark.parametrize("stalls", [{0}, {1}, {2}, {4}, {7}])
def test_a_stall_in_one_load_changes_the_capacity_little(stalls: set[int]) -> None:
    even = Queue(service_s=0.0005).measured(2.0, {99: 0.02}).figures["rate"].value

    run = Queue(service_s=0.0005, stalls=stalls).measured(2.0, {99: 0.02})

    assert run.figures["rate"].value > 0.85 * even


def test_a_stall_while_the_peak_was_loaded_does_not_bound_the_capacity() -> None:
    even = Queue(service_s=0.0005).measured(2.0, {99: 0.02})
    stalled = Run(**{**{name: getattr(even, name) for name in even.__slots__}, "rate_per_s": 300.0, "stopped": "it fell behind"})

    run = Queue(service_s=0.0005).measured(2.0, {99: 0.02}, known=stalled)

    assert run.figures["rate"].value > 0.85 * even.figures["rate"].value


def test_a_service_that_is_gone_is_loaded_no_more() -> None:
    queue = Queue(service_s=0.0005, gone="nobody listens")

    run = queue.measured(2.0, {99: 0.02})

    assert len(queue.jobs) == 1
    assert run.gone and "nobody listens" in run.lacking["rate"]


def test_too_few_requests_break_no_limit_and_keep_none_but_half_of_them_too_slow_do() -> None:
    few = [index / 100 for index in range(100)]

    told = verdict(load(few, few), {50: 0.1, 99: 0.2}, 0.0)
    broken = verdict(load(few, [inf] * 100), {50: 0.1, 99: 0.2}, 0.0)

    assert (told.outcome, told.reason) == (
        Outcome.untold,
        "p99 cannot be told: too few requests: 100, and 368 are needed",
    )
    assert (broken.outcome, broken.reason) == (Outcome.broken, "p50 was not answered")


def test_a_real_server_is_searched_and_no_rate_is_called_broken_for_want_of_requests(folder) -> None:
    # No limit that a busy machine's hiccup breaks: which loads are judged is the matter here, not how fast they are.
    folder.write(peak="50/s", p99="2s")
    folder.run("apply", "--auto-approve")

    result = json.loads(folder.run("bench", "scores", "--scenario", "Capacity", "--duration", "300ms", "--json").stdout)

    (run,) = (run for run in result["runs"] if run["scenario"] == "Capacity")
    assert run["figures"]["rate"]["value"] > 0
    assert min(step["rate_per_s"] for step in run["tried"]) >= 449 / (LENGTHENED * 0.3)
    assert not any("too few" in step["reason"] for step in run["tried"])
    folder.run("destroy", "--auto-approve")
