"""Chain, table and simulation of the same queue: three ways that share no line of working give one answer."""

from __future__ import annotations

from itertools import product

import pytest

from infractl.placement import batch_table
from infractl.placement.arrivals import PATTERNS
from infractl.placement.queueing import Queue, latency_percentiles
from infractl.placement.simulate import PERCENTILES, Batching, simulate

PARTS = [(1e-4, 1e-3), (2e-3, 1e-3), (2e-2, 5e-4)]
CAPS = [1, 4, 16]
LOADS = [0.2, 0.5, 0.8]


@pytest.mark.parametrize(("parts", "cap", "load"), list(product(PARTS, CAPS, LOADS)))
def test_chain_and_table_agree_with_what_is_played(parts: tuple[float, float], cap: int, load: float) -> None:
    fixed_s, item_s = parts
    batch_s = tuple(fixed_s + item_s * items for items in range(1, cap + 1))
    rate = load * cap / batch_s[-1]

    chain = latency_percentiles(Queue(rate_per_s=rate, batch_s=batch_s), PERCENTILES)
    table = batch_table.latency_s(rate, fixed_s, item_s, cap)
    played = simulate(Batching(batch_s=batch_s), rate, PATTERNS["steady"], 150_000)

    for computed in (chain, table):
        for value, interval in zip(computed, (played[p] for p in PERCENTILES), strict=True):
            assert 0.97 * interval.low <= value <= 1.03 * interval.high
