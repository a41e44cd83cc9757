"""Service time against the roofline worked out by hand, with the fixtures' round numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from infractl.domain.measurement import Measurements
from infractl.domain.recipe import AS_GIVEN
from infractl.domain.work import Family, Work
from infractl.placement.fetch import fetch_s
from infractl.placement.service_time import End, ServiceTime, gaps
from infractl.placement.speed import OPERATOR_ERROR, Speed, speed_of
from infractl.placement.work_table import WorkTable
from infractl.tensors import Dtype


@pytest.fixture
def service_time(profiles, offer, calibration) -> Callable[..., ServiceTime]:
    def of(model, end=End.expected, instances=1, **known) -> ServiceTime:
        profile = profiles[model] if isinstance(model, str) else model
        calibrations = {calibration.chip: replace(calibration, **known)}
        speed = speed_of(offer.chip, AS_GIVEN, Measurements(calibrations=calibrations))
        return ServiceTime(profile=profile, speed=speed, instances=instances, end=end)

    return of


def test_a_small_model_takes_the_call_its_operators_and_the_roofline_of_each(service_time) -> None:
    # 30 x 64 x 2 with Relu, one item: three operators, whose weights of 8 kB are read from the cache at 100 GB/s.
    first = max((2 * 30 * 64 + 64) / 200e9, (4 * (30 * 64 + 64) + 4 * (30 + 64)) / 100e9)
    relu = max(64 / 200e9, 4 * 128 / 100e9)
    second = max((2 * 64 * 2 + 2) / 200e9, (4 * (64 * 2 + 2) + 4 * (64 + 2)) / 100e9)

    assert service_time("small").seconds(1) == pytest.approx(5e-6 + 3e-6 + first + relu + second)


def test_weights_beyond_the_cache_are_fetched_and_not_overlapped(service_time, calibration) -> None:
    weights = 4 * (1024 * 4096 + 4096 + 4096 * 1024 + 1024)
    assert weights > calibration.cached_bytes
    read_from_the_cache_s = weights / 100e9
    assert read_from_the_cache_s > 2 * 2 * 1024 * 4096 / 200e9

    seconds = service_time("large").seconds(1)

    assert seconds == pytest.approx(weights / 20e9 + read_from_the_cache_s, rel=0.01)


def test_two_instances_share_the_cache(service_time, profiles) -> None:
    room = int(1.5 * profiles["middling"].weights_bytes)

    one, two = (service_time("middling", instances=n, cached_bytes=room).seconds(1) for n in (1, 2))

    assert two > 2 * one


def test_the_ends_are_as_far_as_predictions_have_been_found_to_be(service_time) -> None:
    low, expected, high = (service_time("middling", end).seconds(1) for end in End)

    assert low == pytest.approx(OPERATOR_ERROR[0] * expected, rel=0.02)
    assert high == pytest.approx(OPERATOR_ERROR[1] * expected, rel=0.02)


def test_a_batch_takes_longer_than_one_item_and_less_than_so_many(service_time) -> None:
    table = service_time("middling").table(32)

    assert list(table) == sorted(table)
    assert table[-1] < 32 * table[0]


def test_an_operator_without_a_cost_is_told_as_a_gap(service_time, profiles, without) -> None:
    open_profile = without(profiles["small"], (("Conv", 2),))

    assert gaps(open_profile) == ("the cost of Conv (2 times)",)
    assert service_time(open_profile).seconds(1) == service_time("small").seconds(1)


def test_the_nodes_of_trees_are_not_streamed_as_the_weights_of_a_product_are(calibration, offer) -> None:
    speed = speed_of(offer.chip, AS_GIVEN, Measurements(calibrations={calibration.chip: calibration}))
    assert isinstance(speed, Speed)
    work = Work(family=Family.tree, operator="", dtype=Dtype.float32, flops=1.0, weight_bytes=40e6, activation_bytes=0.0)
    works = WorkTable.of([work])

    assert fetch_s(Family.tree, works, speed, 40e6).tolist() == [0.0]
    assert fetch_s(Family.product, works, speed, 40e6).tolist() == pytest.approx([40e6 / 20e9])
