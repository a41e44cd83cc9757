"""What was measured is kept by digest, and not silently forgotten."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from infractl.domain.figure import Basis, Figure
from infractl.domain.measurement import Measurement
from infractl.errors import StateError
from infractl.state.measurements import LocalMeasurementStore


def measurement(hour: int) -> Measurement:
    figure = Figure(value=0.002 * hour, unit="s", low=0.001, high=0.09, basis=Basis.measured, source="bench")
    return Measurement(
        artifact="ab" * 32,
        chip="this machine",
        machine={},
        config={"max_batch": 8},
        at=datetime(2026, 5, 4, hour, tzinfo=UTC),
        figures={"p50": figure, "p99": figure},
    )


def test_measurements_are_listed_oldest_first(tmp_path: Path) -> None:
    store = LocalMeasurementStore(tmp_path / "measurements")
    assert store.list() == ()

    for hour in (3, 1, 2):
        store.put(measurement(hour))

    assert store.list() == (measurement(1), measurement(2), measurement(3))


def test_the_same_measurement_has_one_digest_and_is_kept_once(tmp_path: Path) -> None:
    store = LocalMeasurementStore(tmp_path)

    digests = {store.put(measurement(1)), store.put(measurement(1))}

    assert len(digests) == 1
    assert store.list() == (measurement(1),)
    assert store.put(measurement(2)) not in digests


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[:50], lambda data: data.replace(b"0.09", b"0.01")])
def test_a_damaged_measurement_is_an_error_that_names_the_file(tmp_path: Path, damage) -> None:
    store = LocalMeasurementStore(tmp_path)
    path = tmp_path / f"{store.put(measurement(1))}.json"
    path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(StateError, match="measurement-damaged") as caught:
        store.list()
    assert caught.value.diagnostics[0].at == str(path)
