"""kill -9 at any moment: the document is always readable, and what was acknowledged is always there."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

from infractl.clock import SystemClock
from infractl.state.local import LocalStateStore

TRIALS = 40
ENTRIES_A_VERSION = 3


def test_a_killed_writer_leaves_a_readable_state_with_all_that_it_acknowledged(
    tmp_path: Path, key, state, entry, processes
) -> None:
    moments = random.Random(20260504)
    told_in_all = 0
    for trial in range(TRIALS):
        store = LocalStateStore(tmp_path / str(trial), SystemClock())
        reader, writer = os.pipe()

        def work(store: LocalStateStore = store, writer: int = writer) -> None:
            epoch = store.lock(key, "infractl apply").epoch
            store.write(key, state(1), expected_serial=0, epoch=epoch)
            os.write(writer, b"version 1\n")
            for serial in range(2, 1000):
                for number in range(ENTRIES_A_VERSION):
                    store.append(key, epoch, entry(f"{serial - 1}-{number}"))
                    os.write(writer, f"entry {serial - 1}-{number}\n".encode())
                store.fold(key, state(serial, resources=serial), expected_serial=serial - 1, epoch=epoch)
                os.write(writer, f"version {serial}\n".encode())

        process = processes(work)
        os.close(writer)
        time.sleep(moments.uniform(0.001, 0.06))
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        with os.fdopen(reader) as pipe:
            told = [line.split() for line in pipe.read().splitlines()]

        check(store, key, state, entry, told)
        assert list((tmp_path / str(trial)).rglob(".*.tmp")) == []
        told_in_all += len(told)
    assert told_in_all > 10 * TRIALS


def check(store: LocalStateStore, key, state, entry, told: list[list[str]]) -> None:
    acknowledged = max((int(name) for what, name in told if what == "version"), default=0)
    found = store.read(key)
    serial = found.serial if found else 0
    assert serial in (acknowledged, acknowledged + 1)
    assert found is None or found == state(serial, resources=serial)

    replayed = store.entries(key)
    possible = tuple(entry(f"{serial}-{number}") for number in range(ENTRIES_A_VERSION))
    due = [name for what, name in told if what == "entry" and name.startswith(f"{serial}-")]
    assert replayed == possible[: len(replayed)]
    assert len(replayed) >= len(due)

    lease = store.lock(key, "infractl apply")
    store.fold(key, state(serial + 1), expected_serial=serial, epoch=lease.epoch)
    assert store.read(key) == state(serial + 1)


def test_the_store_survives_a_writer_that_is_killed_again_and_again(tmp_path: Path, key, state, processes) -> None:
    """One directory for all trials, with deletions in between: a fresh start after each is never refused."""
    store = LocalStateStore(tmp_path, SystemClock())
    moments = random.Random(4)

    def work() -> None:
        epoch = store.lock(key, "infractl apply").epoch
        while True:
            found = store.read(key)
            serial = found.serial if found else 0
            if serial and serial % 5 == 0:
                store.delete(key, expected_serial=serial, epoch=epoch)
            else:
                lineage = found.lineage if found else os.urandom(4).hex()
                store.write(key, state(serial + 1, lineage=lineage), expected_serial=serial, epoch=epoch)

    lives = set()
    for _ in range(TRIALS):
        process = processes(work)
        time.sleep(moments.uniform(0.001, 0.03))
        assert process.is_alive(), "the store refused what the killed writer left"
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        found = store.read(key)
        lives.add(found and found.lineage)

    assert len(lives) > TRIALS // 4
    assert store.lock(key, "infractl apply").epoch > 0
