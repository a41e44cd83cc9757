"""What a state store's lock means: one holder, named to the others; who lost it can write nothing more."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

import pytest

from infractl.domain.address import ServiceKey
from infractl.errors import LockHeldError, StateError
from infractl.state.store import StateStore
from infractl.testing.sample_state import STATE_KEY, sample_entry, sample_state
from infractl.testing.suite.process import COMMAND, OpenStore, another_process, barrier, hold_lock, race_for_lock, told

RACES = 15


class LockSuite:
    """Locks between clients of one process, and between processes."""

    @pytest.fixture
    def held_elsewhere(self, open_store: OpenStore) -> Iterator[tuple[int, int]]:
        """Pid and epoch of a process that holds the lock."""
        with another_process(hold_lock, open_store, STATE_KEY) as (_, reader):
            yield told(reader)

    def test_the_epoch_grows_with_each_lease(self, store: StateStore) -> None:
        epochs = []
        for _ in range(3):
            lease = store.lock(STATE_KEY, COMMAND)
            epochs.append(lease.epoch)
            lease.release()
        assert epochs == sorted(set(epochs)) and epochs[0] > 0

    def test_a_lease_says_who_holds_it(self, store: StateStore, open_store: OpenStore) -> None:
        holder = store.lock(STATE_KEY, COMMAND).holder
        assert (holder.pid, holder.command) == (os.getpid(), COMMAND)
        assert open_store().holder(STATE_KEY) == holder
        assert open_store().held("shop", "prod") == {STATE_KEY: holder}

    def test_a_held_lock_is_refused_with_the_holder_and_what_to_do(
        self, store: StateStore, held_elsewhere: tuple[int, int]
    ) -> None:
        with pytest.raises(LockHeldError) as caught:
            store.lock(STATE_KEY, "infractl plan")
        (problem,) = caught.value.diagnostics
        holder = store.holder(STATE_KEY)
        assert (caught.value.exit_code, problem.slug) == (3, "lock-held")
        assert holder is not None and holder.pid == held_elsewhere[0]
        for said in (holder.who, holder.host, f"pid {holder.pid}", COMMAND):
            assert said in problem.detail, f"{said} is not in: {problem.detail}"
        assert f"infractl state unlock {holder.id}" in problem.remedy

    def test_a_process_does_not_get_the_lock_twice(self, store: StateStore, open_store: OpenStore) -> None:
        first = store.lock(STATE_KEY, COMMAND)
        for client in (store, open_store()):
            with pytest.raises(LockHeldError):
                client.lock(STATE_KEY, COMMAND)
        assert store.holder(STATE_KEY) == first.holder

    def test_services_are_locked_apart(self, store: StateStore, held_elsewhere: tuple[int, int]) -> None:
        other = ServiceKey(project="shop", environment="prod", service="churn")
        assert store.lock(other, COMMAND).epoch > 0

    def test_a_released_lock_is_free_and_releasing_again_does_nothing(self, store: StateStore) -> None:
        first = store.lock(STATE_KEY, COMMAND)
        first.release()
        assert store.holder(STATE_KEY) is None
        second = store.lock(STATE_KEY, COMMAND)
        first.release()
        assert store.holder(STATE_KEY) == second.holder

    def test_a_dead_holder_is_taken_over_and_can_write_nothing(
        self, store: StateStore, open_store: OpenStore, lease_s: float
    ) -> None:
        with another_process(hold_lock, open_store, STATE_KEY) as (_, reader):
            _, epoch = told(reader)
        deadline = time.monotonic() + lease_s
        while store.holder(STATE_KEY) is not None and time.monotonic() < deadline:
            time.sleep(0.1)
        assert store.holder(STATE_KEY) is None, f"a dead holder is still named after {lease_s:g} s"
        assert store.lock(STATE_KEY, COMMAND).epoch > epoch
        _shut_out(store, epoch)

    def test_unlocking_shuts_the_old_holder_out_and_lets_the_next_in(
        self, store: StateStore, held_elsewhere: tuple[int, int]
    ) -> None:
        holder = store.holder(STATE_KEY)
        assert holder is not None
        store.unlock(STATE_KEY, holder.id)
        assert store.holder(STATE_KEY) is None
        lease = store.lock(STATE_KEY, COMMAND)
        assert lease.epoch > held_elsewhere[1]
        _shut_out(store, held_elsewhere[1])
        store.write(STATE_KEY, sample_state(1), expected_serial=0, epoch=lease.epoch)

    def test_a_broken_holder_that_releases_does_not_free_the_next_ones_lock(self, store: StateStore) -> None:
        broken = store.lock(STATE_KEY, COMMAND)
        store.unlock(STATE_KEY, broken.holder.id)
        following = store.lock(STATE_KEY, COMMAND)
        broken.release()
        assert store.holder(STATE_KEY) == following.holder

    def test_unlocking_asks_for_the_holders_id(self, store: StateStore, held_elsewhere: tuple[int, int]) -> None:
        with pytest.raises(StateError) as caught:
            store.unlock(STATE_KEY, "somebody-else")
        holder = store.holder(STATE_KEY)
        assert holder is not None and holder.id in caught.value.diagnostics[0].remedy
        assert caught.value.diagnostics[0].slug == "lock-other"

    def test_unlocking_what_nobody_holds_is_refused(self, store: StateStore) -> None:
        released = store.lock(STATE_KEY, COMMAND)
        released.release()
        with pytest.raises(StateError):
            store.unlock(STATE_KEY, released.holder.id)

    def test_a_stale_epoch_can_do_nothing(self, store: StateStore, epoch: int) -> None:
        store.write(STATE_KEY, sample_state(1), expected_serial=0, epoch=epoch)
        for wrong in (epoch - 1, epoch + 1, 0):
            _shut_out(store, wrong, serial=1)
        assert (store.read(STATE_KEY), tuple(store.entries(STATE_KEY))) == (sample_state(1), ())

    def test_of_two_processes_that_want_the_lock_one_wins_and_the_other_names_it(self, open_store: OpenStore) -> None:
        gate = barrier(2)
        given = (open_store, STATE_KEY, gate, RACES)
        with another_process(race_for_lock, *given) as (a, one), another_process(race_for_lock, *given) as (b, two):
            answers = [(told(one), told(two)) for _ in range(RACES)]
            pids = (a.pid, b.pid)
        epochs = []
        for pair in answers:
            winners = [side for side, answer in enumerate(pair) if isinstance(answer, int)]
            assert len(winners) == 1, f"{len(winners)} of two got the lock: {pair}"
            assert f"pid {pids[winners[0]]}" in str(pair[1 - winners[0]]), f"the winner is not named: {pair}"
            epochs.append(pair[winners[0]])
        assert epochs == sorted(set(epochs)), "two leases have the same epoch"


def _shut_out(store: StateStore, epoch: int, serial: int = 0) -> None:
    """Neither writes nor journals nor folds nor deletes."""
    following = sample_state(serial + 1)
    attempts: tuple[Callable[[], None], ...] = (
        lambda: store.write(STATE_KEY, following, expected_serial=serial, epoch=epoch),
        lambda: store.append(STATE_KEY, epoch, sample_entry("step")),
        lambda: store.fold(STATE_KEY, following, expected_serial=serial, epoch=epoch),
        lambda: store.delete(STATE_KEY, expected_serial=serial, epoch=epoch),
    )
    for attempt in attempts:
        with pytest.raises(StateError) as caught:
            attempt()
        assert caught.value.diagnostics[0].slug == "state-epoch", f"epoch {epoch} is stale: {caught.value}"
