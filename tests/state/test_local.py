"""The local state store: compare-and-swap, epochs, versions, deletion, and what it does with a disk that refuses."""

from __future__ import annotations

import multiprocessing
import resource
import stat
from dataclasses import replace
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


def test_what_was_written_is_read(tmp_path: Path, store, key, state, epoch: int) -> None:
    assert store.read(key) is None

    store.write(key, state(1, resources=3), expected_serial=0, epoch=epoch)

    assert store.read(key) == state(1, resources=3)
    assert LocalStateStore(tmp_path, SystemClock()).read(key) == state(1, resources=3)


def test_reading_what_is_not_there_makes_nothing(tmp_path: Path, store, key) -> None:
    assert (store.read(key), store.history(key), store.entries(key), store.holder(key)) == (None, (), (), None)
    assert store.keys("shop", "prod") == ()
    assert list(tmp_path.iterdir()) == []


def test_services_are_listed_by_project_and_environment(store, state) -> None:
    for environment, service in [("prod", "fraud"), ("prod", "churn"), ("staging", "fraud")]:
        key = ServiceKey(project="shop", environment=environment, service=service)
        store.write(key, state(1, key=key), expected_serial=0, epoch=store.lock(key, "infractl apply").epoch)

    assert [k.service for k in store.keys("shop", "prod")] == ["churn", "fraud"]
    assert [k.service for k in store.keys("shop", "staging")] == ["fraud"]
    assert store.keys("other", "prod") == ()
    assert (store.environments("shop"), store.environments("other"), store.projects()) == (["prod", "staging"], [], ["shop"])


def test_a_service_whose_document_is_missing_is_still_listed(store, key, state, epoch: int, directory: Path) -> None:
    store.write(key, state(1), expected_serial=0, epoch=epoch)
    (directory / "state.json").unlink()

    assert store.keys("shop", "prod") == (key,)


@pytest.mark.parametrize("expected", [0, 1, 3])
def test_a_write_on_another_version_than_the_stored_one_is_refused(store, key, state, epoch: int, expected: int) -> None:
    for serial in (1, 2):
        store.write(key, state(serial), expected_serial=serial - 1, epoch=epoch)

    with pytest.raises(StateError) as error:
        store.write(key, state(expected + 1), expected_serial=expected, epoch=epoch)

    assert slug(error) == "state-serial"
    assert "ada@laptop: infractl apply" in str(error.value)
    assert store.read(key) == state(2)


def test_a_serial_that_does_not_follow_is_refused(store, key, state, epoch: int) -> None:
    with pytest.raises(StateError):
        store.write(key, state(2), expected_serial=0, epoch=epoch)

    assert store.read(key) is None


def test_a_state_of_another_lineage_is_refused(store, key, state, epoch: int) -> None:
    store.write(key, state(1), expected_serial=0, epoch=epoch)

    with pytest.raises(StateError) as error:
        store.write(key, state(2, lineage="beef"), expected_serial=1, epoch=epoch)

    assert slug(error) == "state-lineage"


def test_a_stale_epoch_can_neither_write_nor_journal_nor_fold_nor_delete(store, key, state, entry, epoch: int) -> None:
    store.write(key, state(1), expected_serial=0, epoch=epoch)

    for wrong in (epoch - 1, epoch + 1, 0):
        for forbidden in (
            lambda e: store.write(key, state(2), expected_serial=1, epoch=e),
            lambda e: store.append(key, e, entry("step")),
            lambda e: store.fold(key, state(2), expected_serial=1, epoch=e),
            lambda e: store.delete(key, expected_serial=1, epoch=e),
        ):
            with pytest.raises(StateError) as error:
                forbidden(wrong)
            assert slug(error) == "state-epoch"

    assert store.read(key) == state(1)
    assert store.entries(key) == ()


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


def test_a_delete_on_another_version_is_refused(store, key, state, epoch: int) -> None:
    store.write(key, state(1), expected_serial=0, epoch=epoch)

    with pytest.raises(StateError) as error:
        store.delete(key, expected_serial=2, epoch=epoch)

    assert slug(error) == "state-serial"
    assert store.read(key) == state(1)


def test_entries_of_a_deleted_life_are_not_replayed_in_the_next(store, key, state, entry, epoch: int) -> None:
    store.write(key, state(1), expected_serial=0, epoch=epoch)
    store.append(key, epoch, entry("old"))
    store.delete(key, expected_serial=1, epoch=epoch)
    store.write(key, state(1, lineage="beef"), expected_serial=0, epoch=epoch)
    store.append(key, epoch, entry("new"))

    assert store.entries(key) == (entry("new"),)


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


def test_a_value_that_json_lacks_is_refused_before_anything_changes(store, key, state, epoch: int, directory: Path) -> None:
    store.write(key, state(1), expected_serial=0, epoch=epoch)

    with pytest.raises(StateError) as error:
        store.write(key, replace(state(2), outputs={"p99_s": float("nan")}), expected_serial=1, epoch=epoch)

    assert slug(error) == "state-value"
    assert store.read(key) == state(1)


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


def test_of_two_processes_that_write_the_same_version_one_wins(store, key, state, epoch: int, processes) -> None:
    context = multiprocessing.get_context("fork")
    rounds, gate, results = 30, context.Barrier(2), context.Queue()

    def race(name: str) -> None:
        for serial in range(1, rounds + 1):
            gate.wait(20)
            try:
                store.write(key, state(serial, resources=len(name)), expected_serial=serial - 1, epoch=epoch)
                results.put((serial, name))
            except StateError as error:
                results.put((serial, error.diagnostics[0].slug))

    racers = [processes(race, "a"), processes(race, "bb")]
    answers = [results.get(timeout=20) for _ in range(2 * rounds)]
    for racer in racers:
        racer.join()

    for serial in range(1, rounds + 1):
        assert sorted(a for s, a in answers if s == serial)[-1] == "state-serial"
        [winner] = [a for s, a in answers if s == serial and a != "state-serial"]
    assert store.read(key) == state(rounds, resources=len(winner))


def test_a_reader_never_sees_a_torn_document(store, key, state, epoch: int, processes) -> None:
    last = 80

    def write() -> None:
        for serial in range(1, last + 1):
            store.write(key, state(serial, resources=serial % 40), expected_serial=serial - 1, epoch=epoch)

    writer = processes(write)
    seen, found = [], None
    while found is None or (found.serial < last and writer.is_alive()):
        found = store.read(key)
        if found:
            assert found == state(found.serial, resources=found.serial % 40)
            seen.append(found.serial)

    assert seen == sorted(seen)
    assert len(set(seen)) > 5
    writer.join()
    assert writer.exitcode == 0
