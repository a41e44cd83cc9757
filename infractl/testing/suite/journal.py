"""What a state store keeps between two versions: entries that were acknowledged, in their order, until they are folded."""

from __future__ import annotations

import pytest

from infractl.errors import StateError
from infractl.state.store import StateStore
from infractl.testing.sample_state import STATE_KEY, sample_entry, sample_state
from infractl.testing.suite.process import OpenStore

THREE = tuple(sample_entry(f"step-{number}") for number in range(3))


class JournalSuite:
    """Each test journals beside a first document."""

    @pytest.fixture
    def journaled(self, store: StateStore, epoch: int) -> int:
        """The epoch of a lease on a service with three entries."""
        store.write(STATE_KEY, sample_state(1), expected_serial=0, epoch=epoch)
        for entry in THREE:
            store.append(STATE_KEY, epoch, entry)
        return epoch

    def test_entries_come_back_in_order_until_they_are_folded(
        self, store: StateStore, open_store: OpenStore, journaled: int
    ) -> None:
        assert tuple(open_store().entries(STATE_KEY)) == THREE
        store.fold(STATE_KEY, sample_state(2), expected_serial=1, epoch=journaled)
        assert open_store().read(STATE_KEY) == sample_state(2)
        assert tuple(open_store().entries(STATE_KEY)) == ()

    def test_a_fold_on_another_version_keeps_the_entries(self, store: StateStore, journaled: int) -> None:
        with pytest.raises(StateError) as caught:
            store.fold(STATE_KEY, sample_state(3), expected_serial=2, epoch=journaled)
        assert caught.value.diagnostics[0].slug == "state-serial"
        assert (store.read(STATE_KEY), tuple(store.entries(STATE_KEY))) == (sample_state(1), THREE)

    def test_nothing_is_journaled_before_there_is_a_document(self, store: StateStore, epoch: int) -> None:
        with pytest.raises(StateError) as caught:
            store.append(STATE_KEY, epoch, sample_entry("step"))
        assert caught.value.diagnostics[0].slug == "journal-without-state"

    def test_a_write_that_would_lose_entries_is_refused(self, store: StateStore, journaled: int) -> None:
        with pytest.raises(StateError) as caught:
            store.write(STATE_KEY, sample_state(2), expected_serial=1, epoch=journaled)
        assert caught.value.diagnostics[0].slug == "journal-open"
        assert tuple(store.entries(STATE_KEY)) == THREE

    def test_entries_of_a_deleted_life_are_not_replayed_in_the_next(self, store: StateStore, journaled: int) -> None:
        store.delete(STATE_KEY, expected_serial=1, epoch=journaled)
        store.write(STATE_KEY, sample_state(1, lineage="beef"), expected_serial=0, epoch=journaled)
        store.append(STATE_KEY, journaled, sample_entry("new"))
        assert tuple(store.entries(STATE_KEY)) == (sample_entry("new"),)
