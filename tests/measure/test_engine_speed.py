"""A rate stays a rate, whatever pauses the machine made."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infractl.measure.engine_speed import net_rate

seconds = st.floats(min_value=0, max_value=100)


@given(work=st.floats(min_value=1, max_value=1e12), taken=seconds, idle=seconds)
def test_a_rate_is_positive_and_finite_even_where_an_empty_call_took_longer(work: float, taken: float, idle: float) -> None:
    rate = net_rate(work, taken, idle)

    assert math.isfinite(rate) and rate > 0


def test_the_time_of_an_empty_call_does_not_count() -> None:
    assert net_rate(100.0, 2.5, 0.5) == pytest.approx(50.0)
