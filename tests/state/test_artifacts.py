"""An artifact is what its digest says, or there is an error."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import resource
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infractl.errors import StateError
from infractl.state.artifacts import LocalArtifactStore

CONTENT = b"weights" * 100_000
KEY = "5" * 64
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def artifacts(tmp_path: Path) -> LocalArtifactStore:
    return LocalArtifactStore(tmp_path / "artifacts")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.onnx"
    path.write_bytes(CONTENT)
    return path


def test_what_is_put_is_found_under_its_sha256_and_read_only(artifacts: LocalArtifactStore, model: Path, tmp_path: Path) -> None:
    assert not artifacts.has(DIGEST)

    assert artifacts.put(model) == DIGEST

    kept = artifacts.path(DIGEST)
    assert artifacts.has(DIGEST)
    assert kept == tmp_path / "artifacts" / "sha256" / DIGEST[:2] / DIGEST
    assert kept.read_bytes() == CONTENT
    assert stat.S_IMODE(kept.stat().st_mode) == 0o444


def test_what_is_there_is_not_written_again(artifacts: LocalArtifactStore, model: Path) -> None:
    artifacts.put(model)
    before = artifacts.path(DIGEST).stat()

    artifacts.put(model)

    assert artifacts.path(DIGEST).stat().st_ino == before.st_ino


def test_what_is_put_again_is_as_young_as_what_is_new(artifacts: LocalArtifactStore, model: Path) -> None:
    artifacts.put(model)
    os.utime(artifacts.path(DIGEST), (0, 0))

    artifacts.put(model)

    (kept,) = artifacts.files()
    assert kept.since > datetime(2020, 1, 1, tzinfo=UTC)


def test_a_damaged_artifact_is_an_error_until_it_is_put_again(artifacts: LocalArtifactStore, model: Path) -> None:
    artifacts.put(model)
    kept = artifacts.path(DIGEST)
    kept.chmod(0o600)
    kept.write_bytes(CONTENT[:-1] + b"S")

    with pytest.raises(StateError, match="artifact-damaged") as caught:
        artifacts.path(DIGEST)
    assert str(kept) in caught.value.diagnostics[0].remedy

    artifacts.put(model)
    assert artifacts.path(DIGEST).read_bytes() == CONTENT


@pytest.mark.parametrize("digest", ["0" * 64, "", "../../model.onnx", "A" * 64])
def test_what_was_never_put_is_missing(artifacts: LocalArtifactStore, digest: str) -> None:
    assert not artifacts.has(digest)
    with pytest.raises(StateError, match="artifact-missing"):
        artifacts.path(digest)


def test_a_source_that_cannot_be_read_is_an_error(artifacts: LocalArtifactStore, tmp_path: Path) -> None:
    for source in (tmp_path / "nowhere.onnx", tmp_path):
        with pytest.raises(StateError, match="artifact-unreadable"):
            artifacts.put(source)


def test_two_processes_that_put_the_same_file_both_succeed(artifacts: LocalArtifactStore, model: Path, processes) -> None:
    context = multiprocessing.get_context("fork")
    gate, answers = context.Barrier(2), context.Queue()

    def put() -> None:
        for _ in range(10):
            gate.wait(20)
            answers.put(artifacts.put(model))
            gate.wait(20)
            if gate.wait(20) == 0:
                artifacts.path(DIGEST).unlink()
            gate.wait(20)

    racers = [processes(put), processes(put)]
    assert {answers.get(timeout=20) for _ in range(20)} == {DIGEST}
    for racer in racers:
        racer.join()
        assert racer.exitcode == 0


def test_nothing_half_written_is_left_when_the_disk_is_full(
    artifacts: LocalArtifactStore, model: Path, tmp_path: Path, processes
) -> None:
    def refused() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        with pytest.raises(StateError, match="state-write-failed"):
            artifacts.put(model)

    child = processes(refused)
    child.join()

    assert child.exitcode == 0
    assert [p for p in (tmp_path / "artifacts").rglob("*") if p.is_file()] == []


def test_of_many_that_record_at_once_all_go_on_with_one(artifacts: LocalArtifactStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: artifacts.record(KEY, {"found": number}), range(64)))

    assert found == [artifacts.recorded(KEY)] * 64


def test_a_damaged_record_is_none_and_makes_way(artifacts: LocalArtifactStore, tmp_path: Path) -> None:
    artifacts.record(KEY, {"found": 1})
    file = tmp_path / "artifacts" / "records" / KEY[:2] / KEY
    file.write_bytes(file.read_bytes().replace(b"1", b"2", 1))

    assert artifacts.recorded(KEY) is None
    assert artifacts.record(KEY, {"found": 3}) == {"found": 3}
    assert artifacts.recorded(KEY) == {"found": 3}


def test_a_record_leaves_nothing_beside_it(artifacts: LocalArtifactStore, tmp_path: Path) -> None:
    artifacts.record(KEY, {"found": 1})
    artifacts.record(KEY, {"found": 2})

    assert [f.name for f in (tmp_path / "artifacts").rglob("*") if f.is_file()] == [KEY]
