"""What a state store keeps: versions by compare-and-swap, a history, no secret, and never a damaged document without an error."""

from __future__ import annotations

from dataclasses import replace

import pytest

from infractl.domain.address import ServiceKey
from infractl.domain.value import Redacted, SecretRef
from infractl.errors import StateError
from infractl.provider.secret import Secret
from infractl.state.store import StateStore
from infractl.testing.sample_state import STATE_KEY, WRITER, sample_entry, sample_state
from infractl.testing.suite.process import OpenStore, another_process, barrier, race_to_write, told, write_versions

RACES = 15
VERSIONS = 60


def slug(caught: pytest.ExceptionInfo[StateError]) -> str:
    return caught.value.diagnostics[0].slug


class VersionSuite:
    """One client writes, another reads."""

    def test_where_nothing_was_written_nothing_is_read(self, store: StateStore) -> None:
        assert store.read(STATE_KEY) is None
        assert (tuple(store.history(STATE_KEY)), tuple(store.entries(STATE_KEY)), store.holder(STATE_KEY)) == ((), (), None)
        assert tuple(store.keys("shop", "prod")) == ()

    def test_what_was_written_is_read_by_another_client(self, store: StateStore, open_store: OpenStore, epoch: int) -> None:
        store.write(STATE_KEY, sample_state(1, resources=3), expected_serial=0, epoch=epoch)
        assert open_store().read(STATE_KEY) == sample_state(1, resources=3)

    def test_services_are_listed_by_project_and_environment(self, store: StateStore) -> None:
        for environment, service in [("prod", "fraud"), ("prod", "churn"), ("staging", "fraud")]:
            key = ServiceKey(project="shop", environment=environment, service=service)
            epoch = store.lock(key, "infractl apply").epoch
            store.write(key, sample_state(1, key=key), expected_serial=0, epoch=epoch)
        assert sorted(k.service for k in store.keys("shop", "prod")) == ["churn", "fraud"]
        assert sorted(k.service for k in store.keys("shop", "staging")) == ["fraud"]
        assert tuple(store.keys("other", "prod")) == ()
        assert (sorted(store.environments("shop")), list(store.environments("other"))) == (["prod", "staging"], [])
        assert list(store.projects()) == ["shop"]

    def test_a_service_whose_document_was_deleted_is_listed_among_the_ended(self, store: StateStore, epoch: int) -> None:
        store.write(STATE_KEY, sample_state(1), expected_serial=0, epoch=epoch)
        assert tuple(store.ended("shop", "prod")) == ()
        store.delete(STATE_KEY, expected_serial=1, epoch=epoch)
        assert (tuple(store.ended("shop", "prod")), tuple(store.keys("shop", "prod"))) == ((STATE_KEY,), ())

    @pytest.mark.parametrize("expected", [0, 1, 3])
    def test_a_write_on_another_version_than_the_stored_one_is_refused(
        self, store: StateStore, epoch: int, expected: int
    ) -> None:
        for serial in (1, 2):
            store.write(STATE_KEY, sample_state(serial), expected_serial=serial - 1, epoch=epoch)
        with pytest.raises(StateError) as caught:
            store.write(STATE_KEY, sample_state(expected + 1), expected_serial=expected, epoch=epoch)
        assert slug(caught) == "state-serial"
        assert WRITER in str(caught.value), "the refusal does not say who changed it"
        assert store.read(STATE_KEY) == sample_state(2)

    def test_a_serial_that_does_not_follow_is_refused(self, store: StateStore, epoch: int) -> None:
        with pytest.raises(StateError):
            store.write(STATE_KEY, sample_state(2), expected_serial=0, epoch=epoch)
        assert store.read(STATE_KEY) is None

    def test_a_state_of_another_lineage_is_refused(self, store: StateStore, epoch: int) -> None:
        store.write(STATE_KEY, sample_state(1), expected_serial=0, epoch=epoch)
        with pytest.raises(StateError) as caught:
            store.write(STATE_KEY, sample_state(2, lineage="beef"), expected_serial=1, epoch=epoch)
        assert slug(caught) == "state-lineage"

    def test_of_two_processes_that_write_the_same_version_one_wins(
        self, store: StateStore, open_store: OpenStore, epoch: int
    ) -> None:
        gate = barrier(2)
        given = (open_store, STATE_KEY, gate, epoch, RACES)
        with another_process(race_to_write, *given, 1) as (_, one), another_process(race_to_write, *given, 2) as (_, two):
            answers = [(told(one), told(two)) for _ in range(RACES)]
        for pair in answers:
            assert sorted(pair) == ["", "state-serial"], f"of two writes of one version, these came of them: {pair}"
        assert store.read(STATE_KEY) == sample_state(RACES, resources=1 + answers[-1].index(""))

    def test_a_reader_never_sees_half_a_document(self, store: StateStore, open_store: OpenStore, epoch: int) -> None:
        seen: list[int] = []
        with another_process(write_versions, open_store, STATE_KEY, epoch, VERSIONS) as (process, reader):
            while process.is_alive() and not reader.poll():
                if found := store.read(STATE_KEY):
                    assert found == sample_state(found.serial, resources=found.serial % 40)
                    seen.append(found.serial)
            assert told(reader) == VERSIONS
        assert seen == sorted(seen), "an older version was read after a newer one"

    def test_earlier_versions_are_kept_newest_first(self, store: StateStore, epoch: int) -> None:
        for serial in range(1, 5):
            store.write(STATE_KEY, sample_state(serial), expected_serial=serial - 1, epoch=epoch)
        kept = list(store.history(STATE_KEY))
        assert kept[:1] == [sample_state(3)], "the version before the present one is not kept"
        assert kept == [sample_state(serial) for serial in range(3, 3 - len(kept), -1)]

    def test_after_a_delete_there_is_no_state_and_a_new_life_begins_at_version_1(self, store: StateStore, epoch: int) -> None:
        for serial in (1, 2, 3):
            store.write(STATE_KEY, sample_state(serial), expected_serial=serial - 1, epoch=epoch)
        store.append(STATE_KEY, epoch, sample_entry("delete-server"))
        store.delete(STATE_KEY, expected_serial=3, epoch=epoch)
        assert store.read(STATE_KEY) is None
        assert (tuple(store.entries(STATE_KEY)), tuple(store.keys("shop", "prod"))) == ((), ())
        for serial in (1, 2):
            store.write(STATE_KEY, sample_state(serial, lineage="beef"), expected_serial=serial - 1, epoch=epoch)
        assert store.read(STATE_KEY) == sample_state(2, lineage="beef")
        assert {state.lineage for state in store.history(STATE_KEY)} <= {"beef"}, "the history mixes two lives"

    def test_a_deleted_state_is_taken_up_again_where_it_ended(self, store: StateStore, epoch: int) -> None:
        for serial in (1, 2, 3):
            store.write(STATE_KEY, sample_state(serial), expected_serial=serial - 1, epoch=epoch)
        store.delete(STATE_KEY, expected_serial=3, epoch=epoch)
        for serial, lineage in [(3, "1f0c"), (4, "beef")]:
            with pytest.raises(StateError):
                store.write(STATE_KEY, sample_state(serial, lineage=lineage), expected_serial=serial - 1, epoch=epoch)
        store.write(STATE_KEY, sample_state(4), expected_serial=3, epoch=epoch)
        assert store.read(STATE_KEY) == sample_state(4)
        assert list(store.history(STATE_KEY))[:1] == [sample_state(3)], "the version that was deleted is not kept"

    def test_a_delete_on_another_version_is_refused(self, store: StateStore, epoch: int) -> None:
        store.write(STATE_KEY, sample_state(1), expected_serial=0, epoch=epoch)
        with pytest.raises(StateError) as caught:
            store.delete(STATE_KEY, expected_serial=2, epoch=epoch)
        assert slug(caught) == "state-serial"
        assert store.read(STATE_KEY) == sample_state(1)

    def test_what_cannot_be_read_back_is_refused_before_anything_changes(self, store: StateStore, epoch: int) -> None:
        store.write(STATE_KEY, sample_state(1), expected_serial=0, epoch=epoch)
        broken = replace(sample_state(2), outputs={"p99_s": float("nan")})
        with pytest.raises(StateError) as caught:
            store.write(STATE_KEY, broken, expected_serial=1, epoch=epoch)
        assert slug(caught) == "state-value"
        assert store.read(STATE_KEY) == sample_state(1)

    def test_a_secret_is_kept_as_its_reference_and_never_by_value(self, store: StateStore, epoch: int) -> None:
        kept = replace(sample_state(1), outputs={"key": SecretRef("env", "KEY", "1"), "hidden": Redacted()})
        store.write(STATE_KEY, kept, expected_serial=0, epoch=epoch)
        assert store.read(STATE_KEY) == kept
        with pytest.raises(StateError) as caught:
            clear = replace(sample_state(2), outputs={"key": Secret("canary-4f1d9e")})
            store.write(STATE_KEY, clear, expected_serial=1, epoch=epoch)
        assert "canary-4f1d9e" not in str(caught.value)
        assert store.read(STATE_KEY) == kept
