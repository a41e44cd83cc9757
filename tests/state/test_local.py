"""The local state store, besides what every store does: versions, deletion, files, and what it does with a disk that refuses."""

from __future__ import annotations

import multiprocessing
import os
import resource
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from infractl.clock import SystemClock
from infractl.domain.address import ServiceKey
from infractl.errors import StateError
from infractl.state.local import LocalStateStore


@pytest.fixture
def epoch(store, key) -> int:
    return store.lock(key, "infractl apply").epoch


def slug(error: pytest.ExceptionInfo[StateError]) -> str:
    return error.value.diagnostics[0].slug


def test_reading_what_is_not_there_makes_nothing(tmp_path: Path, store, key) -> None:
    assert (store.read(key), store.history(key), store.entries(key), store.holder(key)) == (None, (), (), None)
    assert store.keys("shop", "prod") == ()
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_without_a_lock(store, key, state) -> None:
    with pytest.raises(StateError, match="state-epoch"):
        store.write(key, state(1), expected_serial=0, epoch=0)


def test_ten_earlier_versions_are_kept_newest_first(store, key, state, epoch: int) -> None:
    for serial in range(1, 16):
        store.write(key, state(serial), expected_serial=serial - 1, epoch=epoch)

    assert [s.serial for s in store.history(key)] == list(range(14, 4, -1))
    assert store.history(key)[0] == state(14)


def test_the_history_is_there_when_the_document_is_not(store, key, state, epoch: int, directory: Path) -> None:
    for serial in (1, 2, 3):
        store.write(key, state(serial), expected_serial=serial - 1, epoch=epoch)
    (directory / "state.json").write_bytes(b"")

    assert [s.serial for s in store.history(key)] == [3, 2, 1]


def test_after_a_delete_there_is_no_state_and_a_new_life_begins_at_version_1(store, key, state, entry, epoch: int) -> None:
    for serial in (1, 2, 3):
        store.write(key, state(serial), expected_serial=serial - 1, epoch=epoch)
    store.append(key, epoch, entry("delete-server"))

    store.delete(key, expected_serial=3, epoch=epoch)

    assert store.read(key) is None
    assert store.entries(key) == ()
    assert store.keys("shop", "prod") == ()
    assert [s.serial for s in store.history(key)] == [3, 2, 1]

    store.write(key, state(1, lineage="beef"), expected_serial=0, epoch=epoch)
    store.write(key, state(2, lineage="beef"), expected_serial=1, epoch=epoch)

    assert store.read(key) == state(2, lineage="beef")
    assert store.history(key) == (state(1, lineage="beef"),)


def test_of_all_earlier_lives_together_the_ten_versions_that_were_written_last_are_kept(
    store, key, state, epoch: int, directory: Path
) -> None:
    for last in (15, 4, 3):
        for serial in range(1, last + 1):
            store.write(key, state(serial), expected_serial=serial - 1, epoch=epoch)
        store.delete(key, expected_serial=last, epoch=epoch)
    store.write(key, state(1), expected_serial=0, epoch=epoch)

    kept = {path.name: path.stat().st_mtime_ns for path in (directory / "aside" / "earlier").iterdir()}
    assert len(kept) == 10
    assert {"1.json", "2.json", "3.json"} <= set(sorted(kept, key=kept.__getitem__)[-3:])
    assert [s.serial for s in store.history(key)] == []


@pytest.mark.parametrize("part", ["project", "environment", "service"])
@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../up", "a\\b", "a\0b", ".hidden"])
def test_a_name_that_leads_elsewhere_is_refused(store, part: str, name: str) -> None:
    key = ServiceKey(**{"project": "shop", "environment": "prod", "service": "fraud", part: name})

    for use in (store.read, store.history, store.entries, store.holder, lambda k: store.lock(k, "infractl apply")):
        with pytest.raises(StateError, match="state-name"):
            use(key)


def test_files_are_for_their_owner_alone(store, key, state, entry, epoch: int, directory: Path) -> None:
    store.write(key, state(1), expected_serial=0, epoch=epoch)
    store.append(key, epoch, entry("step"))

    files = [p for p in directory.rglob("*") if p.is_file()]

    assert {"state.json", "journal.jsonl", "1.json", "lock"} <= {p.name for p in files}
    assert {stat.S_IMODE(p.stat().st_mode) for p in files} == {0o600}


def test_an_unreadable_document_is_an_error(store, key, state, epoch: int, directory: Path) -> None:
    store.write(key, state(1), expected_serial=0, epoch=epoch)
    (directory / "state.json").unlink()
    (directory / "state.json").mkdir()

    with pytest.raises(StateError, match="state-unreadable"):
        store.read(key)


def test_a_directory_that_cannot_be_made_is_an_error(tmp_path: Path, key) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StateError, match="state-write-failed"):
        LocalStateStore(tmp_path / "file" / "state", SystemClock()).lock(key, "infractl apply")


def test_what_a_service_makes_durable_is_counted(store, key, state, entry, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: (synced.append(descriptor), fsync(descriptor)))

    def count(change: Callable[[], object]) -> int:
        synced.clear()
        change()
        return len(synced)

    epoch = store.lock(key, "infractl apply").epoch

    # That it begins, a copy and its entry, the document and its entry.
    assert count(lambda: store.write(key, state(1), expected_serial=0, epoch=epoch)) == 5
    assert count(lambda: store.append(key, epoch, entry("intent"))) == 1
    assert count(lambda: store.append(key, epoch, entry("operation"), durably=False)) == 0
    assert count(lambda: store.fold(key, state(2), expected_serial=1, epoch=epoch)) == 4
    assert count(lambda: store.lock(ServiceKey(project="shop", environment="prod", service="next"), "infractl apply")) == 1


def test_a_full_disk_leaves_the_old_document_and_the_old_journal(
    store, key, state, entry, epoch: int, directory: Path, processes
) -> None:
    store.write(key, state(1), expected_serial=0, epoch=epoch)
    store.append(key, epoch, entry("first"))
    reader, writer = multiprocessing.Pipe(duplex=False)

    def refused() -> None:
        # As good as a full disk: no file may grow beyond this size.
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
        for attempt in (
            lambda: store.fold(key, state(2, resources=100), expected_serial=1, epoch=epoch),
            lambda: [store.append(key, epoch, entry("more")) for _ in range(100)],
        ):
            try:
                attempt()
            except StateError as error:
                writer.send((error.diagnostics[0].slug, str(error)))

    processes(refused).join()

    for _ in range(2):
        slug, message = reader.recv()
        assert slug == "state-write-failed"
        assert "File too large" in message
        assert "unchanged" in message
    assert store.read(key) == state(1)
    journaled = store.entries(key)
    assert journaled == (entry("first"), *[entry("more")] * (len(journaled) - 1))
    assert [p for p in directory.rglob("*") if p.name.endswith(".tmp")] == []

    store.append(key, epoch, entry("last"))
    assert store.entries(key) == (*journaled, entry("last"))
    store.fold(key, state(2), expected_serial=1, epoch=epoch)
    assert store.read(key) == state(2)


def test_a_document_behind_a_link_stays_there(store, key, state, epoch: int, directory: Path, tmp_path: Path) -> None:
    store.write(key, state(1), expected_serial=0, epoch=epoch)
    link, elsewhere = directory / "state.json", tmp_path / "elsewhere" / "kept.json"
    elsewhere.parent.mkdir()
    link.rename(elsewhere)
    link.symlink_to(elsewhere)

    store.write(key, state(2), expected_serial=1, epoch=epoch)

    assert link.is_symlink() and store.read(key) == state(2)
    assert [path.name for path in elsewhere.parent.iterdir()] == ["kept.json"]

    store.delete(key, expected_serial=2, epoch=epoch)

    assert store.read(key) is None and not link.is_symlink() and not elsewhere.exists()
