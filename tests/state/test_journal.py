"""What was acknowledged is replayed, what was not is left out, and nothing is replayed twice."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from infractl.errors import StateError


@pytest.fixture
def epoch(store, key, state) -> int:
    """Of a lease on a service whose first document is written."""
    lease = store.lock(key, "infractl apply")
    store.write(key, state(1), expected_serial=0, epoch=lease.epoch)
    return lease.epoch


@pytest.fixture
def three(store, key, entry, epoch: int):
    """Three entries that are in the journal."""
    entries = tuple(entry(f"step-{n}") for n in range(3))
    for one in entries:
        store.append(key, epoch, one)
    return entries


def test_entries_come_back_in_order_until_they_are_folded(store, key, state, epoch: int, three, directory: Path) -> None:
    assert store.entries(key) == three

    store.fold(key, state(2), expected_serial=1, epoch=epoch)

    assert store.read(key) == state(2)
    assert store.entries(key) == ()
    assert (directory / "journal.jsonl").read_bytes() == b""


def test_a_crash_between_the_document_and_the_emptied_journal_repeats_nothing(
    store, key, state, entry, epoch: int, three, directory: Path
) -> None:
    journal = (directory / "journal.jsonl").read_bytes()
    store.fold(key, state(2), expected_serial=1, epoch=epoch)
    (directory / "journal.jsonl").write_bytes(journal)

    assert store.entries(key) == ()
    store.append(key, epoch, entry("later"))
    assert store.entries(key) == (entry("later"),)


def test_an_entry_costs_the_same_however_much_there_is(store, key, state, entry, epoch: int, directory: Path) -> None:
    journal, sizes = directory / "journal.jsonl", []
    for serial, resources in ((2, 1), (3, 2000)):
        store.fold(key, state(serial, resources=resources), expected_serial=serial - 1, epoch=epoch)
        store.append(key, epoch, entry("step"))
        for _ in range(20):
            before = journal.stat().st_size
            store.append(key, epoch, entry("step"))
            sizes.append(journal.stat().st_size - before)

    assert len(set(sizes)) == 1
    assert sizes[0] < 1000


def test_a_journal_torn_at_any_byte_of_its_last_line_keeps_the_others(
    store, key, entry, epoch: int, three, directory: Path
) -> None:
    path = directory / "journal.jsonl"
    data = path.read_bytes()
    last = data.rstrip(b"\n").rfind(b"\n") + 1

    for cut in range(last, len(data)):
        path.write_bytes(data[:cut])
        assert store.entries(key) == three[:2], cut

    for cut in range(last, len(data), 40):
        path.write_bytes(data[:cut])
        store.append(key, epoch, entry("next"))
        assert store.entries(key) == (*three[:2], entry("next")), cut


def test_any_other_changed_byte_is_damage(store, key, three, directory: Path) -> None:
    path = directory / "journal.jsonl"
    data = path.read_bytes()

    for position in range(len(data) - 1):
        path.write_bytes(data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :])
        with pytest.raises(StateError, match="journal-damaged"):
            store.entries(key)


def test_a_line_that_was_taken_out_of_its_version_is_damage(store, key, state, epoch: int, three, directory: Path) -> None:
    store.fold(key, state(2), expected_serial=1, epoch=epoch)
    store.append(key, epoch, three[0])
    shutil.copy(directory / "history" / "1.json", directory / "state.json")

    with pytest.raises(StateError, match="version 2 of lineage 1f0c, and the document is version 1"):
        store.entries(key)


def test_damage_is_named_by_its_line(store, key, three, directory: Path) -> None:
    path = directory / "journal.jsonl"
    first, second, third = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([first, second.replace(b"step-1", b"step-9"), third, b""]))

    with pytest.raises(StateError) as caught:
        store.entries(key)

    assert caught.value.diagnostics[0].at == f"{path}:2"


def test_each_line_is_json(three, directory: Path) -> None:
    lines = (directory / "journal.jsonl").read_text().splitlines()

    assert [json.loads(line)["body"]["entry"]["entry"] for line in lines] == ["intent"] * 3


def test_a_service_without_state_has_no_entries(store, key) -> None:
    assert store.entries(key) == ()
