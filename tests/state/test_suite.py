"""The local stores pass the suites that every store passes."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from infractl.clock import SystemClock
from infractl.state.artifacts import LocalArtifactStore
from infractl.state.local import LocalStateStore
from infractl.state.measurements import LocalMeasurementStore
from infractl.testing.store_suite import ArtifactStoreSuite, MeasurementStoreSuite, StateStoreSuite
from infractl.testing.suite.process import OpenStore
from tests.state.files import Files


class TestLocalState(StateStoreSuite):
    @pytest.fixture
    def open_store(self, tmp_path: Path) -> OpenStore:
        return partial(LocalStateStore, tmp_path, SystemClock())

    @pytest.fixture
    def raw(self, tmp_path: Path) -> Files:
        return Files(tmp_path)

    @pytest.fixture
    def lease_s(self) -> float:
        return 0.0


class TestLocalArtifacts(ArtifactStoreSuite):
    @pytest.fixture
    def artifacts(self, tmp_path: Path) -> LocalArtifactStore:
        return LocalArtifactStore(tmp_path / "artifacts")


class TestLocalMeasurements(MeasurementStoreSuite):
    @pytest.fixture
    def measurements(self, tmp_path: Path) -> LocalMeasurementStore:
        return LocalMeasurementStore(tmp_path / "measurements")
