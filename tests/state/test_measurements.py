"""What was measured is kept by digest, and not silently forgotten."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from infractl.errors import StateError
from infractl.state.measurements import LocalMeasurementStore
from infractl.testing.sample_state import sample_measurement


def test_measurements_are_listed_oldest_first(tmp_path: Path) -> None:
    store = LocalMeasurementStore(tmp_path / "measurements")
    assert store.list() == ()

    for hour in (3, 1, 2):
        store.put(sample_measurement(hour))

    assert store.list() == (sample_measurement(1), sample_measurement(2), sample_measurement(3))


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[:50], lambda data: data.replace(b"0.09", b"0.01")])
def test_a_damaged_measurement_is_an_error_that_names_the_file(tmp_path: Path, damage) -> None:
    store = LocalMeasurementStore(tmp_path)
    path = tmp_path / f"{store.put(sample_measurement(1))}.json"
    path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(StateError, match="measurement-damaged") as caught:
        store.list()
    assert caught.value.diagnostics[0].at == str(path)


@pytest.mark.parametrize("value", [0.0, -1.0, float("inf"), float("nan")])
def test_a_figure_that_makes_no_sense_is_refused_before_anything_is_planned_with_it(value: float) -> None:
    odd = replace(sample_measurement(1).figures["p99"], value=value, low=value, high=value)

    with pytest.raises(ValueError, match="p99"):
        replace(sample_measurement(1), figures={"p99": odd})


def test_a_measurement_of_no_shape_or_of_empty_requests_is_refused() -> None:
    with pytest.raises(ValueError, match="threads"):
        replace(sample_measurement(1), config=dict.fromkeys(("max_batch", "max_delay_s", "instances"), 1.0))
    with pytest.raises(ValueError, match="batch"):
        replace(sample_measurement(1), extents={"batch": 0})
