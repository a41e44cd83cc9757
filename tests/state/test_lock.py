"""One holder at a time, named to the others; a dead one is no hindrance, and a broken one can write nothing more."""

from __future__ import annotations

import getpass
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from infractl.domain.address import ServiceKey
from infractl.errors import LockHeldError, StateError

CONTEXT = multiprocessing.get_context("fork")


@pytest.fixture
def held_elsewhere(store, key, processes):
    """A process that holds the lock until it is killed, and the epoch that it has."""
    reader, writer = CONTEXT.Pipe(duplex=False)

    def hold() -> None:
        writer.send(store.lock(key, "infractl apply --auto-approve").epoch)
        signal.pause()

    return processes(hold), reader.recv()


def test_the_epoch_grows_with_each_lease(store, key) -> None:
    epochs = []
    for _ in range(3):
        lease = store.lock(key, "infractl apply")
        epochs.append(lease.epoch)
        lease.release()

    assert epochs == [1, 2, 3]


def test_a_lease_says_who_holds_it(store, key) -> None:
    holder = store.lock(key, "infractl apply").holder

    assert (holder.who, holder.host, holder.pid) == (getpass.getuser(), socket.gethostname(), os.getpid())
    assert holder.command == "infractl apply"
    assert abs(holder.since - datetime.now(UTC)) < timedelta(minutes=1)
    assert abs(psutil.boot_time() + holder.started - psutil.Process().create_time()) < 1
    assert store.holder(key) == holder


def test_a_held_lock_is_refused_with_the_holder_and_what_to_do(store, key, held_elsewhere) -> None:
    process, _ = held_elsewhere

    with pytest.raises(LockHeldError) as caught:
        store.lock(key, "infractl plan")

    [problem] = caught.value.diagnostics
    assert caught.value.exit_code == 3
    assert problem.slug == "lock-held"
    holder = store.holder(key)
    for said in (holder.who, holder.host, f"pid {process.pid}", "infractl apply --auto-approve", f"{holder.since:%H:%M:%S}"):
        assert said in problem.detail
    assert f"infractl state unlock {holder.id}" in problem.remedy


def test_a_process_does_not_get_the_lock_twice(store, key) -> None:
    first = store.lock(key, "infractl apply")

    with pytest.raises(LockHeldError):
        store.lock(key, "infractl apply")
    assert store.holder(key) == first.holder


def test_services_are_locked_apart(store, key, held_elsewhere) -> None:
    other = ServiceKey(project=key.project, environment=key.environment, service="churn")

    assert store.lock(other, "infractl apply").epoch == 1


def test_a_released_lock_is_free_and_releasing_again_does_nothing(store, key) -> None:
    first = store.lock(key, "infractl apply")
    first.release()
    assert store.holder(key) is None

    second = store.lock(key, "infractl apply")
    first.release()

    assert store.holder(key) == second.holder


def test_a_dead_holder_is_taken_over(store, key, state, held_elsewhere) -> None:
    process, epoch = held_elsewhere
    os.kill(process.pid, signal.SIGKILL)
    process.join()

    assert store.holder(key) is None
    lease = store.lock(key, "infractl apply")

    assert lease.epoch == epoch + 1
    with pytest.raises(StateError, match="state-epoch"):
        store.write(key, state(1), expected_serial=0, epoch=epoch)


def test_a_server_that_the_holder_started_does_not_keep_the_lock(store, key) -> None:
    lease = store.lock(key, "infractl apply")
    server = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True)
    try:
        lease.release()
        assert store.holder(key) is None
        store.lock(key, "infractl apply").release()
    finally:
        server.communicate(b"\n")


def test_unlocking_shuts_the_old_holder_out_and_lets_the_next_in(store, key, state, entry, held_elsewhere) -> None:
    process, stale = held_elsewhere
    store.unlock(key, store.holder(key).id)
    assert process.is_alive()
    assert store.holder(key) is None

    for attempt in (
        lambda: store.write(key, state(1), expected_serial=0, epoch=stale),
        lambda: store.append(key, stale, entry("step")),
    ):
        with pytest.raises(StateError, match="state-epoch"):
            attempt()

    lease = store.lock(key, "infractl apply")
    assert lease.epoch > stale
    store.write(key, state(1), expected_serial=0, epoch=lease.epoch)
    with pytest.raises(LockHeldError):
        store.lock(key, "infractl apply")


def test_a_broken_holder_that_releases_does_not_free_the_next_ones_lock(store, key) -> None:
    broken = store.lock(key, "infractl apply")
    store.unlock(key, broken.holder.id)
    following = store.lock(key, "infractl apply")

    broken.release()

    assert store.holder(key) == following.holder


def test_unlocking_asks_for_the_holders_id(store, key, held_elsewhere) -> None:
    with pytest.raises(StateError) as caught:
        store.unlock(key, "somebody-else")

    assert caught.value.diagnostics[0].slug == "lock-other"
    assert store.holder(key).id in caught.value.diagnostics[0].remedy
    with pytest.raises(LockHeldError):
        store.lock(key, "infractl apply")


def test_unlocking_what_nobody_holds_is_refused(store, key) -> None:
    released = store.lock(key, "infractl apply")
    released.release()

    with pytest.raises(StateError, match="nobody holds it"):
        store.unlock(key, released.holder.id)


def test_a_note_of_the_holder_that_cannot_be_read_is_an_error(store, key, directory: Path) -> None:
    store.lock(key, "infractl apply").release()
    (directory / "claim.json").write_bytes(b"{")

    with pytest.raises(StateError, match="lock-damaged"):
        store.lock(key, "infractl apply")


def test_of_two_processes_that_want_the_lock_one_wins_and_the_other_names_it(store, key, processes) -> None:
    rounds, gate, results = 40, CONTEXT.Barrier(2), CONTEXT.Queue()

    def race() -> None:
        for number in range(rounds):
            gate.wait(20)
            lease = None
            try:
                lease = store.lock(key, "infractl apply")
                results.put((number, "won", os.getpid(), lease.epoch))
            except LockHeldError as error:
                results.put((number, "lost", os.getpid(), error.diagnostics[0].detail))
            gate.wait(20)
            if lease:
                lease.release()

    racers = [processes(race), processes(race)]
    answers = [results.get(timeout=20) for _ in range(2 * rounds)]
    for racer in racers:
        racer.join()

    epochs = []
    for number in range(rounds):
        (_, lost, loser, detail), (_, won, winner, epoch) = sorted(a for a in answers if a[0] == number)
        assert (lost, won) == ("lost", "won")
        assert loser != winner
        assert f"(pid {winner})" in detail
        epochs.append(epoch)
    assert epochs == list(range(1, rounds + 1))
