"""Threads that write at once share one fsync, and none goes on before its own line is durable."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infractl.errors import StateError
from infractl.state.commit import Commit

PATIENCE_S = 30.0


def test_what_comes_while_one_writes_is_written_together() -> None:
    written: list[list[bytes]] = []
    writing, go_on = threading.Event(), threading.Event()

    def write(lines: list[bytes], _: bool) -> None:
        written.append(sorted(lines))
        writing.set()
        assert go_on.wait(PATIENCE_S)

    commit = Commit(write)  # type: ignore[arg-type]
    with ThreadPoolExecutor(8) as threads:
        first = threads.submit(commit.add, b"0")
        assert writing.wait(PATIENCE_S)
        rest = [threads.submit(commit.add, str(n).encode()) for n in range(1, 8)]
        time.sleep(0.2)  # for some of them to come; however few do, none is acknowledged
        assert not any(done.done() for done in (first, *rest))
        go_on.set()

    assert written[0] == [b"0"]
    assert sorted(line for lines in written[1:] for line in lines) == [str(n).encode() for n in range(1, 8)]
    assert len(written) < 8


def test_who_waits_for_a_write_that_fails_is_told_so_and_the_next_one_is_tried() -> None:
    full, lines = [True], []

    def write(given: list[bytes], _: bool) -> None:
        if full.pop():
            raise OSError("full")
        lines.extend(given)

    commit = Commit(write)  # type: ignore[arg-type]
    full.insert(0, False)

    with pytest.raises(OSError, match="full"):
        commit.add(b"lost")
    commit.add(b"kept")

    assert lines == [b"kept"]


def test_entries_of_many_threads_are_all_there_and_no_entry_is_acknowledged_before_its_fsync(
    store, key, state, entry, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = store.lock(key, "infractl apply")
    store.write(key, state(1), expected_serial=0, epoch=lease.epoch)
    synced: list[bytes] = []
    fsync, journal = os.fsync, directory / "journal.jsonl"

    def noted(descriptor: int) -> None:
        fsync(descriptor)
        synced.append(journal.read_bytes() if journal.exists() else b"")

    monkeypatch.setattr(os, "fsync", noted)

    def append(name: str) -> bool:
        store.append(key, lease.epoch, entry(name))
        return f'"{name}"'.encode() in synced[-1]

    names = [f"step-{n:03}" for n in range(200)]
    with ThreadPoolExecutor(8) as threads:
        acknowledged = list(threads.map(append, names))

    assert all(acknowledged)
    assert sorted(e.step for e in store.entries(key)) == names
    assert len(synced) <= len(names) + 1


def test_a_stale_epoch_stops_all_that_wait(store, key, state, entry) -> None:
    lease = store.lock(key, "infractl apply")
    store.write(key, state(1), expected_serial=0, epoch=lease.epoch)
    lease.release()
    store.lock(key, "infractl apply")

    def append(name: str) -> str:
        with pytest.raises(StateError) as raised:
            store.append(key, lease.epoch, entry(name))
        return raised.value.diagnostics[0].slug

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(append, map(str, range(16)))) == {"state-epoch"}
    assert store.entries(key) == ()


def test_who_is_interrupted_while_it_waits_for_its_turn_keeps_nobody_waiting() -> None:
    written: list[bytes] = []
    writing, go_on = threading.Event(), threading.Event()

    def write(lines: Sequence[bytes], _: bool) -> None:
        writing.set()
        assert go_on.wait(PATIENCE_S)
        written.extend(lines)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    commit = Commit(write)
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with ThreadPoolExecutor(1) as threads:
            first = threads.submit(commit.add, b"first")
            assert writing.wait(PATIENCE_S)
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            with pytest.raises(KeyboardInterrupt):
                commit.add(b"interrupted")
            after = threads.submit(commit.add, b"after")
            go_on.set()
            first.result(PATIENCE_S)
            after.result(PATIENCE_S)
    finally:
        signal.signal(signal.SIGALRM, before)

    assert written == [b"first", b"after"]
