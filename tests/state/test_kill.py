"""kill -9 at any moment: the document is always readable, and what was acknowledged is always there."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infractl.clock import SystemClock
from infractl.state.local import LocalStateStore

TRIALS = 40
ENTRIES_A_VERSION = 3


def killed(processes, work: Callable[[Callable[[str], None]], None], lines: int, then_s: float) -> list[str]:
    """What a process running `work` told until it was killed: `then_s` after its line number `lines`, if it lived as long."""
    reader, writer = os.pipe()
    process = processes(work, lambda line: os.write(writer, f"{line}\n".encode()))
    os.close(writer)
    with os.fdopen(reader) as pipe:
        told = [pipe.readline() for _ in range(lines)]
        time.sleep(then_s)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        assert process.exitcode == -signal.SIGKILL, "the store refused what it was asked"
        return [line.strip() for line in (*told, *pipe)]


def test_a_killed_writer_leaves_a_readable_state_with_all_that_it_acknowledged(
    tmp_path: Path, key, state, entry, processes
) -> None:
    moments = random.Random(20260504)
    for trial in range(TRIALS):
        store = LocalStateStore(tmp_path / str(trial), SystemClock())

        def work(tell: Callable[[str], None], store: LocalStateStore = store) -> None:
            epoch = store.lock(key, "infractl apply").epoch
            store.write(key, state(1), expected_serial=0, epoch=epoch)
            tell("version 1")
            for serial in range(2, 1000):
                for number in range(ENTRIES_A_VERSION):
                    store.append(key, epoch, entry(f"{serial - 1}-{number}"))
                    tell(f"entry {serial - 1}-{number}")
                store.fold(key, state(serial, resources=serial), expected_serial=serial - 1, epoch=epoch)
                tell(f"version {serial}")

        told = killed(processes, work, moments.randrange(20), moments.uniform(0, 0.003))

        check(store, key, state, entry, [line.split() for line in told])
        assert list((tmp_path / str(trial)).rglob(".*.tmp")) == []


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


def test_a_writer_that_is_killed_before_any_of_its_file_operations_loses_nothing(
    tmp_path: Path, key, state, entry, processes
) -> None:
    """Each life of a service, each place to die in: created, journaled, folded, deleted, created anew."""
    moment, finished = 0, False
    while not finished:
        moment += 1
        store = LocalStateStore(tmp_path / str(moment), SystemClock())
        reader, writer = os.pipe()

        def work(store: LocalStateStore = store, writer: int = writer, moment: int = moment) -> None:
            die_before_operation(moment)
            epoch = store.lock(key, "infractl apply").epoch
            for change in lives(store, key, state, entry, epoch):
                change()
                os.write(writer, b".")

        process = processes(work)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            done = len(pipe.read())
        process.join()
        finished = process.exitcode == 0
        check_life(store, tmp_path / str(moment) / "shop" / "prod" / "fraud", key, state, entry, done)
    assert moment > 50


def lives(store: LocalStateStore, key, state, entry, epoch: int):
    yield lambda: store.write(key, state(1), expected_serial=0, epoch=epoch)
    yield lambda: store.append(key, epoch, entry("step"))
    yield lambda: store.fold(key, state(2), expected_serial=1, epoch=epoch)
    yield lambda: store.append(key, epoch, entry("step"))
    yield lambda: store.delete(key, expected_serial=2, epoch=epoch)
    yield lambda: store.write(key, state(1, lineage="beef"), expected_serial=0, epoch=epoch)
    yield lambda: store.append(key, epoch, entry("step"))


def check_life(store: LocalStateStore, directory: Path, key, state, entry, done: int) -> None:
    """After `done` changes, the next one is there as a whole or not at all."""
    step = (entry("step"),)
    pictures = [
        (None, ()),
        (state(1), ()),
        (state(1), step),
        (state(2), ()),
        (state(2), step),
        (None, ()),
        (state(1, lineage="beef"), ()),
        (state(1, lineage="beef"), step),
    ]
    picture = (found, _) = (store.read(key), store.entries(key))
    assert picture in pictures[done : done + 2], done
    assert store.keys("shop", "prod") == ((key,) if found else ())
    if found:
        # Should the document be damaged now, there is a copy, and none of another life.
        kept = [json.loads(path.read_bytes())["body"] for path in (directory / "history").iterdir() if path.suffix == ".json"]
        assert {body["lineage"] for body in kept} == {found.lineage}
        assert found.serial in [body["serial"] for body in kept]

    serial, lineage = (found.serial, found.lineage) if found else (0, "cafe")
    after = state(serial + 1, lineage=lineage)
    store.fold(key, after, expected_serial=serial, epoch=store.lock(key, "infractl apply").epoch)
    assert (store.read(key), store.entries(key)) == (after, ())


def die_before_operation(moment: int) -> None:
    """Make this process kill itself before its `moment`th operation that changes a file."""
    left = moment

    def counted(operation: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return operation(*arguments, **options)

        return run

    for name in ("fsync", "ftruncate", "mkdir"):
        setattr(os, name, counted(getattr(os, name)))
    for name in ("replace", "unlink"):
        setattr(Path, name, counted(getattr(Path, name)))


def test_a_reader_of_a_service_that_comes_and_goes_sees_a_state_or_none(store, key, state, processes) -> None:
    def come_and_go() -> None:
        epoch = store.lock(key, "infractl apply").epoch
        for life in range(100):
            store.write(key, state(1, lineage=str(life)), expected_serial=0, epoch=epoch)
            store.delete(key, expected_serial=1, epoch=epoch)

    process, seen = processes(come_and_go), set()
    while process.is_alive():
        found = store.read(key)
        seen.add(found and found.lineage)

    assert process.exitcode == 0
    assert len(seen) > 5


def test_the_store_survives_writers_that_are_killed_again_and_again(store, key, state, processes) -> None:
    """One directory for all trials, with deletions in between: none leaves what the next one is refused for."""
    moments = random.Random(4)

    def work(tell: Callable[[str], None]) -> None:
        epoch = store.lock(key, "infractl apply").epoch
        while True:
            found = store.read(key)
            serial = found.serial if found else 0
            if serial and serial % 5 == 0:
                store.delete(key, expected_serial=serial, epoch=epoch)
            else:
                lineage = found.lineage if found else os.urandom(4).hex()
                store.write(key, state(serial + 1, lineage=lineage), expected_serial=serial, epoch=epoch)
            tell("changed")

    for _ in range(TRIALS):
        killed(processes, work, moments.randrange(1, 8), moments.uniform(0, 0.003))

    assert store.lock(key, "infractl apply").epoch == TRIALS + 1
