"""The tests that every store passes, each a class to subclass in a test file.

    class TestBucket(StateStoreSuite):
        @pytest.fixture
        def open_store(self, bucket: str) -> OpenStore:
            return partial(BucketStateStore, bucket, SystemClock())

`open_store` opens one more client of the same storage, which is empty when a test begins. Other processes call it too, so it must
be something that can be pickled, such as a `partial` of a class.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from infractl.errors import StateError
from infractl.state.codec import digest, encode
from infractl.state.store import ArtifactStore, MeasurementStore, StateStore
from infractl.testing.sample_state import STATE_KEY, sample_measurement
from infractl.testing.suite.capability import NotOffered
from infractl.testing.suite.damage import DamageSuite, Raw
from infractl.testing.suite.journal import JournalSuite
from infractl.testing.suite.lock import LockSuite
from infractl.testing.suite.process import COMMAND, OpenStore
from infractl.testing.suite.state import VersionSuite

CONTENT = b"weights" * 10_000
KEY = "5" * 64


class StateStoreSuite(VersionSuite, JournalSuite, LockSuite, DamageSuite):
    """What `StateStore` in `infractl/state/store.py` says, as tests."""

    @pytest.fixture
    def open_store(self) -> OpenStore:
        raise NotImplementedError("say in a fixture `open_store` how a client of the store is opened")

    @pytest.fixture
    def raw(self) -> Raw | None:
        """How the stored document is reached past the store. Without it, damage is not tested."""
        return None

    @pytest.fixture
    def lease_s(self) -> float:
        """How long a dead holder may be named: a store on this machine knows at once, others when a lease runs out."""
        return 10.0

    @pytest.fixture
    def store(self, open_store: OpenStore) -> StateStore:
        return open_store()

    @pytest.fixture
    def epoch(self, store: StateStore) -> int:
        """Of a lease that the test holds."""
        return store.lock(STATE_KEY, COMMAND).epoch

    @pytest.fixture(autouse=True)
    def not_offered(self, pytestconfig: pytest.Config) -> None:
        NotOffered.listed_at_the_end(pytestconfig)


class ArtifactStoreSuite:
    """What `ArtifactStore` says."""

    @pytest.fixture
    def artifacts(self) -> ArtifactStore:
        raise NotImplementedError("say in a fixture `artifacts` which store the suite is about; it is empty")

    @pytest.fixture
    def model(self, tmp_path: Path) -> Path:
        path = tmp_path / "model-to-be-kept.onnx"
        path.write_bytes(CONTENT)
        return path

    def test_what_is_put_is_found_under_its_sha256(self, artifacts: ArtifactStore, model: Path) -> None:
        expected = hashlib.sha256(CONTENT).hexdigest()
        assert not artifacts.has(expected)
        assert artifacts.put(model) == expected
        assert artifacts.has(expected)
        assert artifacts.path(expected).read_bytes() == CONTENT

    def test_a_copy_is_kept_and_not_the_file(self, artifacts: ArtifactStore, model: Path) -> None:
        kept = artifacts.put(model)
        model.write_bytes(b"other")
        assert artifacts.path(kept).read_bytes() == CONTENT

    def test_the_same_content_is_kept_once(self, artifacts: ArtifactStore, model: Path) -> None:
        assert artifacts.put(model) == artifacts.put(model)

    @pytest.mark.parametrize("name", ["0" * 64, "", "../../etc/passwd", "sha256:" + "0" * 64])
    def test_what_is_not_there_is_an_error(self, artifacts: ArtifactStore, name: str) -> None:
        assert not artifacts.has(name)
        with pytest.raises(StateError) as caught:
            artifacts.path(name)
        assert caught.value.diagnostics[0].slug == "artifact-missing"

    def test_a_file_that_cannot_be_read_is_an_error(self, artifacts: ArtifactStore, tmp_path: Path) -> None:
        with pytest.raises(StateError):
            artifacts.put(tmp_path / "nowhere.onnx")

    def test_files_are_listed_with_their_sizes_and_go_when_they_are_removed(self, artifacts: ArtifactStore, model: Path) -> None:
        kept = artifacts.put(model)
        assert [(file.name, file.size_bytes) for file in artifacts.files()] == [(kept, len(CONTENT))]
        artifacts.remove(kept)
        artifacts.remove(kept)
        assert not artifacts.has(kept)
        assert tuple(artifacts.files()) == ()

    def test_a_record_is_found_under_its_key(self, artifacts: ArtifactStore) -> None:
        assert artifacts.recorded(KEY) is None
        known = {"artifact": None, "figures": {"rows": 3.5}, "notes": ["ä"]}
        assert artifacts.record(KEY, known) == known
        assert artifacts.recorded(KEY) == known
        assert [file.name for file in artifacts.records()] == [KEY]
        assert tuple(artifacts.files()) == ()

    def test_the_first_record_under_a_key_stays(self, artifacts: ArtifactStore) -> None:
        artifacts.record(KEY, {"found": "first"})
        assert artifacts.record(KEY, {"found": "second"}) == {"found": "first"}
        assert artifacts.recorded(KEY) == {"found": "first"}

    def test_a_record_is_forgotten(self, artifacts: ArtifactStore) -> None:
        artifacts.record(KEY, {"found": "first"})
        artifacts.forget(KEY)
        artifacts.forget(KEY)
        assert artifacts.recorded(KEY) is None
        assert artifacts.record(KEY, {"found": "second"}) == {"found": "second"}

    def test_a_name_that_leads_elsewhere_is_no_key(self, artifacts: ArtifactStore) -> None:
        assert artifacts.recorded("../../etc/passwd") is None
        with pytest.raises(ValueError, match="no key"):
            artifacts.record("../../etc/passwd", {})


class MeasurementStoreSuite:
    """What `MeasurementStore` says."""

    @pytest.fixture
    def measurements(self) -> MeasurementStore:
        raise NotImplementedError("say in a fixture `measurements` which store the suite is about; it is empty")

    def test_what_is_put_is_listed_as_it_was(self, measurements: MeasurementStore) -> None:
        assert tuple(measurements.list()) == ()
        for hour in (3, 1, 2):
            measurements.put(sample_measurement(hour))
        assert sorted(measurements.list(), key=lambda m: m.at) == [sample_measurement(hour) for hour in (1, 2, 3)]

    def test_the_digest_is_the_contents_and_the_same_is_kept_once(self, measurements: MeasurementStore) -> None:
        given = sample_measurement(1)
        assert {measurements.put(given), measurements.put(given)} == {digest(encode(given))}
        assert tuple(measurements.list()) == (given,)
