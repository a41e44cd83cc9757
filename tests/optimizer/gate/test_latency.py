"""Who is faster, by a clock that only the sessions turn: each call takes as long as it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import cycle

import numpy as np
import pytest

from infractl.domain.figure import Basis, Figure
from infractl.domain.optimization import Outcome
from infractl.optimizer.gate.latency import compare, from_estimates, median_rank
from infractl.optimizer.rows import Rows
from infractl.tensors import Dtype, Signature, Tensor, TensorSpec

ROWS = Rows(inputs={"x": np.zeros((40, 2), np.float32)})


class HandClock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Timed:
    """A session whose calls take `seconds` for a batch."""

    def __init__(self, clock: HandClock, seconds: Callable[[int], float], first: int | str = "n") -> None:
        self.clock = clock
        self.seconds = seconds
        self.batches: set[int] = set()
        spec = TensorSpec(name="x", dtype=Dtype.float32, shape=(first, 2))
        self.signature = Signature(inputs=(spec,), outputs=(spec,))

    def run(self, inputs: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        self.batches.add(len(inputs["x"]))
        self.clock.now_s += self.seconds(len(inputs["x"]))
        return inputs


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def test_what_is_surely_faster_passes_with_the_geometric_mean(clock: HandClock) -> None:
    parent, candidate = Timed(clock, lambda n: 0.001 * n), Timed(clock, lambda n: 0.0005 if n == 1 else 0.004)

    verdict = compare(parent, candidate, ROWS, timer=clock)

    assert verdict.outcome is Outcome.passed
    assert {size: figure.value for size, figure in verdict.speedup.items()} == pytest.approx({1: 2, 32: 8})
    assert verdict.overall.value == pytest.approx(4) and verdict.overall.basis is Basis.measured
    assert verdict.call_s[32].value == pytest.approx(0.004)
    assert verdict.why == "4.00 times as fast"


def test_what_is_slower_at_one_batch_size_fails_however_fast_it_is_at_another(clock: HandClock) -> None:
    parent, candidate = Timed(clock, lambda n: 0.001), Timed(clock, lambda n: 0.0001 if n == 1 else 0.002)

    verdict = compare(parent, candidate, ROWS, timer=clock)

    assert verdict.outcome is Outcome.failed
    assert verdict.why == "at batch 32 it runs at 0.50 times the speed"


@pytest.mark.parametrize("gain", [0.98, 1.0, 1.02])
def test_a_gain_within_noise_is_none(clock: HandClock, gain: float) -> None:
    parent, candidate = Timed(clock, lambda n: 0.001), Timed(clock, lambda n: 0.001 / gain)

    assert compare(parent, candidate, ROWS, timer=clock).outcome is Outcome.failed


def test_a_machine_too_busy_to_tell_is_asked_twice_and_the_answer_is_unknown(clock: HandClock) -> None:
    disturbed: Iterator[float] = cycle([0.001, 0.001, 0.004, 0.0005, 0.002, 0.003, 0.0007])
    parent, candidate = Timed(clock, lambda n: next(disturbed)), Timed(clock, lambda n: next(disturbed))

    verdict = compare(parent, candidate, ROWS, cell_s=0.02, timer=clock)

    assert verdict.outcome is Outcome.unknown
    assert verdict.overall.low < 1 < verdict.overall.high


@pytest.mark.parametrize("call_s", [1e-6, 0.01, 0.4, 20.0])
def test_time_is_bounded_for_models_of_any_speed(clock: HandClock, call_s: float) -> None:
    verdict = compare(Timed(clock, lambda n: call_s), Timed(clock, lambda n: call_s / 2), ROWS, cell_s=1.0, timer=clock)

    assert verdict.outcome is Outcome.passed
    assert clock.now_s <= 2 * max(4.0 + 2 * call_s, 4 * 1.5 * call_s)


def test_few_rounds_of_a_slow_model_leave_more_room(clock: HandClock) -> None:
    verdict = compare(Timed(clock, lambda n: 20.6), Timed(clock, lambda n: 20.0), ROWS, batches=[1], cell_s=1.0, timer=clock)

    assert verdict.overall.low < 1.03 < verdict.overall.high


def test_a_model_of_a_fixed_batch_is_timed_with_that_alone(clock: HandClock) -> None:
    parent, candidate = Timed(clock, lambda n: 0.002, first=4), Timed(clock, lambda n: 0.001, first=4)

    verdict = compare(parent, candidate, ROWS, timer=clock)

    assert parent.batches == candidate.batches == {4} == set(verdict.speedup)


def test_fewer_rows_than_a_batch_are_taken_again(clock: HandClock) -> None:
    parent, candidate = Timed(clock, lambda n: 0.002), Timed(clock, lambda n: 0.001)

    compare(parent, candidate, ROWS.at([0, 1, 2]), timer=clock)

    assert parent.batches == {1, 32}


@pytest.mark.parametrize(("candidate_s", "outcome"), [(0.5, Outcome.passed), (0.99, Outcome.failed), (1.5, Outcome.failed)])
def test_estimates_decide_by_their_values_and_say_that_they_are_estimates(candidate_s: float, outcome: Outcome) -> None:
    verdict = from_estimates({1: estimate(1.0)}, {1: estimate(candidate_s)})

    assert verdict.outcome is outcome
    assert verdict.overall.basis is Basis.estimated
    assert "estimated" in verdict.why


def estimate(seconds: float) -> Figure:
    return Figure(value=seconds, unit="s", low=seconds / 2, high=seconds * 2, basis=Basis.estimated, source="a data sheet")


@pytest.mark.parametrize(("samples", "rank"), [(5, 0), (6, 0), (9, 1), (20, 5), (100, 39)])
def test_the_interval_of_a_median_leaves_out_as_many_as_the_sign_test_says(samples: int, rank: int) -> None:
    """Table A.3 of binomial probabilities with one half: below `rank` + 1 samples lies less than 2.5%."""
    assert median_rank(samples) == rank
