"""The simulated queue, beside closed forms where there are some, and beside what must be so whatever comes."""

from __future__ import annotations

from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infractl.placement.language.percentile import quantile
from infractl.placement.language.simulate import Server, simulate, simulate_clients
from infractl.placement.queueing import Queue, latency_percentiles


def prompts_alone(prompt_s: float = 0.1, at_once: int = 1) -> Server:
    """One that makes a single token of each prompt; it reads so many of them in a step."""
    free = (0.0,) * 1000
    return Server(step_s=free, prompt_s=prompt_s, weights_s=0.0, prompt=100, output=1, chunk=100 * at_once)


def decoder(step_s: float = 0.01, output: int = 20, limit: int = 4, prompt_s: float = 0.02, chunk: int = 8192) -> Server:
    steps = (0.0, *(step_s for _ in range(limit)))
    return Server(step_s=steps, prompt_s=prompt_s, weights_s=0.0, prompt=100, output=output, chunk=chunk)


@pytest.mark.parametrize("busy", [0.3, 0.6, 0.8])
def test_one_prompt_at_a_time_and_one_token_is_the_queue_m_d_1(busy: float) -> None:
    served = simulate(prompts_alone(), busy / 0.1, 40_000, skipped=1000)
    expected = 0.1 * (1 + busy / (2 * (1 - busy)))  # Pollaczek and Khinchine

    assert fmean(served.ttft_s) == pytest.approx(expected, rel=0.04)


def test_its_percentiles_are_those_of_the_solved_queue() -> None:
    served = simulate(prompts_alone(), 6.0, 60_000, skipped=1000)
    solved = latency_percentiles(Queue(rate_per_s=6.0, batch_s=(0.1,)), (50, 95, 99))

    assert [quantile(served.ttft_s, p) for p in (50, 95, 99)] == pytest.approx([*solved], rel=0.05)


def test_prompts_that_are_read_together_are_the_solved_queue_of_batches() -> None:
    served = simulate(prompts_alone(at_once=4), 7.0, 60_000, skipped=1000)
    solved = latency_percentiles(Queue(rate_per_s=7.0, batch_s=(0.1, 0.2, 0.3, 0.4)), (50, 95))

    assert [quantile(served.ttft_s, p) for p in (50, 95)] == pytest.approx([*solved], rel=0.05)


def test_a_lone_request_waits_for_nobody() -> None:
    served = simulate(decoder(), 1e-4, 50)

    assert served.ttft_s == pytest.approx([0.02] * 50)
    assert served.tpot_s == pytest.approx([0.01] * 50)
    assert served.latency_s == pytest.approx([0.02 + 19 * 0.01] * 50)


def test_a_prompt_that_is_longer_than_a_step_takes_several() -> None:
    # Nobody else runs: each of four steps reads a quarter, and takes what is fixed of a step.
    server = Server(step_s=(0.003, 0.01), prompt_s=0.4, weights_s=0.0, prompt=100, output=1, chunk=25)

    assert simulate(server, 1e-4, 5).ttft_s == pytest.approx([0.4 + 4 * 0.003] * 5)


def test_a_short_prompt_takes_as_long_as_weights_are_read() -> None:
    server = Server(step_s=(0.003, 0.01), prompt_s=0.001, weights_s=0.007, prompt=10, output=1, chunk=100)

    assert simulate(server, 1e-4, 5).ttft_s == pytest.approx([0.01] * 5)


def test_prompts_that_are_read_in_between_hold_tokens_up() -> None:
    # Of M/G/infinity: as many prompts come while a request makes its tokens as come in that time at all.
    served = simulate(decoder(limit=400, output=101), 5.0, 20_000, skipped=500)
    between = fmean(served.tpot_s)

    assert between == pytest.approx(0.01 / (1 - 5.0 * 0.02), rel=0.03)


def test_at_full_load_each_place_is_taken_all_the_time() -> None:
    server = decoder(limit=4, output=11, prompt_s=1e-9)
    served = simulate(server, 1e6, 4000)

    # The step that reads a request's prompt, and ten more.
    assert max(served.latency_s) == pytest.approx(4000 / 4 * 11 * 0.01, rel=0.01)


@settings(max_examples=25, deadline=None)
@given(
    rate=st.floats(0.1, 30),
    output=st.integers(1, 50),
    limit=st.integers(1, 16),
    chunk=st.integers(1, 300),
    seed=st.integers(0, 9),
)
def test_everybody_is_served_and_nobody_before_a_token_can_be_made(
    rate: float, output: int, limit: int, chunk: int, seed: int
) -> None:
    served = simulate(decoder(output=output, limit=limit, chunk=chunk), rate, 200, seed)

    assert len(served.ttft_s) == len(served.latency_s) == 200
    assert min(served.ttft_s) >= 0.02 * (1 - 1e-9)
    assert not served.tpot_s or min(served.tpot_s) >= 0.01 * (1 - 1e-9)
    assert all(last >= first for first, last in zip(sorted(served.ttft_s), sorted(served.latency_s), strict=True))


@settings(max_examples=20, deadline=None)
@given(rate=st.floats(1, 20), more=st.floats(1.1, 3))
def test_more_of_the_same_arrivals_never_wait_less(rate: float, more: float) -> None:
    # One at a time, first come, first served: arrivals that come closer together leave less time between them.
    calm, busy = (fmean(simulate(prompts_alone(0.05), each, 500).ttft_s) for each in (rate, rate * more))

    assert busy >= calm - 1e-9


def test_the_same_seed_gives_the_same_queue_and_another_another() -> None:
    first, again, other = (simulate(decoder(), 8.0, 300, seed).ttft_s for seed in (1, 1, 2))

    assert first == again != other


def test_clients_that_send_again_at_once_keep_the_server_busy() -> None:
    # Three of them share each step; a request's prompt is read in a step of the other two.
    served = simulate_clients(decoder(limit=8, output=10, prompt_s=1e-9), 3, 30)

    assert len(served.ttft_s) == 30 and fmean(served.tpot_s) == pytest.approx(0.01, rel=0.01)
