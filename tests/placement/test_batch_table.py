"""The table of batching queues: as the chain makes it now, within 2% of the chain anywhere, and read the other way round."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infractl.placement.batch_grid import CAPS, LOADS, LOWEST, SHARES, STEP, cell, loads, shares
from infractl.placement.batch_table import CLOSE_SHARE, PERCENTILES, _table, affine, latency_s
from infractl.placement.queueing import NUMERIC_LIMIT, Queue, latency_percentiles


def solved(rate: float, fixed_s: float, item_s: float, cap: int) -> tuple[float, ...]:
    batch_s = tuple(fixed_s + item_s * items for items in range(1, cap + 1))
    return latency_percentiles(Queue(rate_per_s=rate, batch_s=batch_s), PERCENTILES)


@pytest.mark.parametrize(
    ("cap", "share", "load"),
    [(1, 3, 40), (2, 24, 80), (4, 0, 95), (7, 11, 1), (12, 13, 55), (32, 6, 20), (48, 20, 70), (128, 1, 33)],
)
def test_cells_are_what_the_chain_makes_of_them_now(cap: int, share: int, load: int) -> None:
    part = float(shares()[share]) if cap > 1 else 0.0

    made = cell(cap, part, loads(cap ** (1 - part))[load])

    assert _table()[CAPS.index(cap), share, load] == pytest.approx(made, abs=STEP), "make tables writes them anew"


def test_the_table_has_the_shape_of_its_grid() -> None:
    assert _table().shape == (len(CAPS), SHARES, LOADS, len(PERCENTILES))
    assert _table().min() == LOWEST


@given(
    cap=st.integers(1, 24) | st.sampled_from([1, 2, 4, 8, 16, 32, 48, 128]),
    ratio=st.just(0.0) | st.floats(-2, 4).map(lambda power: 10**power),
    item_s=st.floats(1e-7, 1e-1),
    load=st.floats(1e-4, NUMERIC_LIMIT) | st.floats(-4, -0.03).map(lambda power: 10**power),
)
@settings(max_examples=100, deadline=None)
def test_percentiles_are_within_two_percent_of_the_chain(cap: int, ratio: float, item_s: float, load: float) -> None:
    fixed_s = ratio * item_s
    rate = load * cap / (fixed_s + item_s * cap)

    assert latency_s(rate, fixed_s, item_s, cap) == pytest.approx(solved(rate, fixed_s, item_s, cap), rel=0.02)


def test_many_are_read_at_once_as_they_are_alone() -> None:
    rates, caps = np.array([10.0, 200.0, 900.0]), np.array([1, 8, 32])

    together = latency_s(rates, 1e-3, 5e-4, caps)

    assert together.shape == (3, 3)
    for row, rate, cap in zip(together, rates, caps, strict=True):
        assert row == pytest.approx(latency_s(rate, 1e-3, 5e-4, cap))


def test_an_idle_server_answers_in_the_time_of_one() -> None:
    assert latency_s(0.0, 2e-3, 1e-3, 8) == pytest.approx([3e-3] * 3)


def test_a_queue_beyond_its_limit_has_no_percentile() -> None:
    rate = 1.01 * NUMERIC_LIMIT * 8 / (1e-3 + 8e-4)

    assert np.isinf(latency_s(rate, 1e-3, 1e-4, 8)).all()


def test_a_cap_beyond_the_table_is_taken_for_its_largest() -> None:
    assert latency_s(100.0, 1e-3, 1e-4, 1000) == pytest.approx(latency_s(100.0, 1e-3, 1e-4, CAPS[-1]))


@given(fixed_s=st.floats(0, 1), item_s=st.floats(1e-4, 1), cap=st.integers(2, 64))
def test_a_line_is_fitted_as_it_is(fixed_s: float, item_s: float, cap: int) -> None:
    line = affine([fixed_s + item_s * items for items in range(1, cap + 1)])

    assert line.fixed_s == pytest.approx(fixed_s, abs=1e-6)
    assert line.item_s == pytest.approx(item_s, rel=1e-5, abs=1e-7)
    assert line.is_close


def test_a_roof_with_an_edge_is_no_line() -> None:
    """Flat while weights are read, then as steep as the computing is."""
    line = affine([max(1.0, 0.25 * items) for items in range(1, 33)])

    assert line.misfit_share > CLOSE_SHARE
    assert not line.is_close
    assert line.fixed_s >= 0


def test_batches_that_save_less_and_less_have_no_negative_part() -> None:
    line = affine([items**1.3 for items in range(1, 17)])

    assert line.fixed_s == pytest.approx(0, abs=1e-9)
    assert line.item_s == pytest.approx(16**0.3)


@given(
    fixed=st.floats(0.01, 30), power=st.floats(0.6, 1.2), cap=st.sampled_from([4, 8, 16]), load=st.floats(0.1, 0.8)
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_a_close_line_stands_for_its_table_within_about_a_tenth(fixed: float, power: float, cap: int, load: float) -> None:
    batch_s = tuple(fixed + items**power for items in range(1, cap + 1))
    line, rate = affine(batch_s), load * cap / batch_s[-1]

    if line.is_close:
        exact = latency_percentiles(Queue(rate_per_s=rate, batch_s=batch_s), PERCENTILES)
        assert latency_s(rate, line.fixed_s, line.item_s, cap) == pytest.approx(exact, rel=0.12)
