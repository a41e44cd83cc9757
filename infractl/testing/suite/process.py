"""Other processes on the same store, to be raced and killed. Each is a new one and no fork: what it is given can be pickled."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Barrier
from typing import Any

from infractl.domain.address import ServiceKey
from infractl.errors import LockHeldError, StateError
from infractl.state.store import StateStore
from infractl.testing.sample_state import sample_state

OpenStore = Callable[[], StateStore]
PATIENCE_S = 60.0
COMMAND = "infractl apply --auto-approve"

_SPAWN = multiprocessing.get_context("spawn")


@contextmanager
def another_process(work: Callable[..., None], *arguments: Any) -> Iterator[tuple[SpawnProcess, Connection]]:
    """Runs `work(tell, *arguments)`; the pipe's end reads what is told. Killed at the block's end, if it still runs."""
    reader, writer = _SPAWN.Pipe(duplex=False)
    process = _SPAWN.Process(target=work, args=(writer, *arguments), daemon=True)
    process.start()
    writer.close()
    try:
        yield process, reader
    finally:
        process.kill()
        process.join()
        reader.close()


def told(reader: Connection) -> Any:
    """The next thing that the other process tells."""
    assert reader.poll(PATIENCE_S), "the other process says nothing"
    return reader.recv()


def barrier(parties: int) -> Barrier:
    return _SPAWN.Barrier(parties, timeout=PATIENCE_S)


def hold_lock(tell: Connection, open_store: OpenStore, key: ServiceKey) -> None:
    """Takes the lock, tells pid and epoch, and keeps it until it is killed."""
    lease = open_store().lock(key, COMMAND)
    tell.send((os.getpid(), lease.epoch))
    signal.pause()


def race_for_lock(tell: Connection, open_store: OpenStore, key: ServiceKey, gate: Barrier, rounds: int) -> None:
    """In each round tells the epoch that it got, or the text of the refusal."""
    store = open_store()
    for _ in range(rounds):
        gate.wait()
        lease = None
        try:
            lease = store.lock(key, COMMAND)
            tell.send(lease.epoch)
        except LockHeldError as error:
            tell.send(str(error))
        gate.wait()
        if lease is not None:
            lease.release()


def race_to_write(
    tell: Connection, open_store: OpenStore, key: ServiceKey, gate: Barrier, epoch: int, rounds: int, resources: int
) -> None:
    """In each round writes the next version, and tells "" or the slug of the refusal."""
    store = open_store()
    for serial in range(1, rounds + 1):
        gate.wait()
        try:
            store.write(key, sample_state(serial, resources=resources), expected_serial=serial - 1, epoch=epoch)
            tell.send("")
        except StateError as error:
            tell.send(error.diagnostics[0].slug)


def write_versions(tell: Connection, open_store: OpenStore, key: ServiceKey, epoch: int, last: int) -> None:
    """Writes version after version; each has as many resources as its number tells."""
    store = open_store()
    for serial in range(1, last + 1):
        store.write(key, sample_state(serial, resources=serial % 40), expected_serial=serial - 1, epoch=epoch)
    tell.send(last)
