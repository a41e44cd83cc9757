"""Many stations by the table against each of them by the chain."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from infractl.placement.station import PERCENTILES, Station
from infractl.placement.station_table import Stations


def station(fixed_s: float, item_s: float, cap: int, instances: int) -> Station:
    return Station(
        batch_s=tuple(fixed_s + item_s * items for items in range(1, cap + 1)),
        loop_s=tuple(2e-4 + 5e-5 * items for items in range(1, cap + 1)),
        instances=instances,
        cores=8,
        extra_s={50: 5e-4, 95: 7e-4, 99: 1e-3},
    )


STATIONS = [
    station(fixed_s, item_s, cap, instances)
    for (fixed_s, item_s), cap, instances in product([(0.0, 2e-3), (4e-3, 1e-3), (2e-2, 1e-4)], [1, 8], [1, 4])
]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.8])
def test_latency_is_that_of_each_alone(share: float) -> None:
    rates = [each.rate_at(share) for each in STATIONS]

    found = Stations.of(STATIONS).latency_s(rates)

    for row, each, rate in zip(found, STATIONS, rates, strict=True):
        alone = each.latency_s(rate)
        assert alone is not None
        assert row == pytest.approx([alone[p] for p in PERCENTILES], rel=0.02)


def test_a_queue_that_does_not_settle_has_no_latency() -> None:
    assert np.isinf(Stations.of(STATIONS).latency_s([each.rate_at(0.96) for each in STATIONS])).all()


@pytest.mark.parametrize("limits_s", [{}, {50: 8e-3}, {95: 0.02, 99: 0.05}, {99: 1e-6}])
def test_capacity_is_that_of_each_alone(limits_s: dict[int, float]) -> None:
    found = Stations.of(STATIONS).capacity_per_s(limits_s)

    for capacity, each in zip(found, STATIONS, strict=True):
        # The chain's is found by fewer halvings.
        assert capacity == pytest.approx(each.capacity_per_s(limits_s), rel=0.02, abs=each.rate_at(0.003))


def test_lines_that_fit_have_no_misfit() -> None:
    assert Stations.of(STATIONS).misfit_share == pytest.approx(0, abs=1e-9)
