"""What a state store makes of a document that is not what it wrote: an error that says what to do, and never "no state"."""

from __future__ import annotations

from typing import Protocol

import pytest

from infractl.domain.address import ServiceKey
from infractl.errors import StateError
from infractl.state.store import StateStore
from infractl.testing.sample_state import STATE_KEY, sample_entry, sample_state

CUTS = 12


class Raw(Protocol):
    """Reaches a service's stored document past the store, as a careless hand or a failing disk does."""

    def read(self, key: ServiceKey) -> bytes: ...

    def write(self, key: ServiceKey, data: bytes) -> None: ...

    def remove(self, key: ServiceKey) -> None: ...


class DamageSuite:
    """Needs the fixture `raw`."""

    @pytest.fixture
    def written(self, store: StateStore, raw: Raw | None, epoch: int) -> Raw:
        """A document of two versions."""
        if raw is None:
            pytest.skip("not offered: no fixture `raw` reaches the stored document, so damage is not tested")
        for serial in (1, 2):
            store.write(STATE_KEY, sample_state(serial), expected_serial=serial - 1, epoch=epoch)
        return raw

    def test_an_untouched_document_is_read(self, store: StateStore, written: Raw) -> None:
        written.write(STATE_KEY, written.read(STATE_KEY))
        assert store.read(STATE_KEY) == sample_state(2)

    def test_a_torn_document_is_an_error_wherever_it_is_cut(self, store: StateStore, written: Raw) -> None:
        whole = written.read(STATE_KEY)
        for cut in range(0, len(whole) - 1, len(whole) // CUTS):
            written.write(STATE_KEY, whole[:cut])
            _refused(store)

    def test_a_changed_byte_is_an_error(self, store: StateStore, written: Raw) -> None:
        whole = written.read(STATE_KEY)
        for position in range(0, len(whole) - 1, len(whole) // CUTS):
            written.write(STATE_KEY, whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
            _refused(store)

    def test_a_foreign_document_is_an_error(self, store: StateStore, written: Raw) -> None:
        for foreign in (b"{}", b"[]", b'{"version": 4, "terraform_version": "1.9.0"}', b"\0" * 100):
            written.write(STATE_KEY, foreign)
            _refused(store)

    def test_another_services_document_is_an_error(self, store: StateStore, written: Raw) -> None:
        other = ServiceKey(project="shop", environment="prod", service="churn")
        epoch = store.lock(other, "infractl apply").epoch
        store.write(other, sample_state(1, key=other), expected_serial=0, epoch=epoch)
        written.write(STATE_KEY, written.read(other))
        _refused(store)

    def test_a_document_that_vanished_is_an_error(self, store: StateStore, written: Raw) -> None:
        written.remove(STATE_KEY)
        _refused(store)
        assert STATE_KEY in store.keys("shop", "prod"), "a service whose document vanished is not listed any more"

    def test_what_is_left_of_a_vanished_document_tells_its_lineage_and_can_be_set_aside(
        self, store: StateStore, written: Raw, epoch: int
    ) -> None:
        assert store.remains(STATE_KEY) is None, "a document that is there is no remains"
        store.append(STATE_KEY, epoch, sample_entry("create-server"))
        written.remove(STATE_KEY)
        remains = store.remains(STATE_KEY)
        assert remains is not None and remains.lineage == sample_state(1).lineage
        assert store.set_aside(STATE_KEY, epoch=epoch), "it does not say where the remains are"
        assert (store.remains(STATE_KEY), store.read(STATE_KEY)) == (None, None)
        assert (tuple(store.entries(STATE_KEY)), tuple(store.history(STATE_KEY))) == ((), ())
        store.write(STATE_KEY, sample_state(1), expected_serial=0, epoch=epoch)
        assert store.read(STATE_KEY) == sample_state(1)

    def test_nothing_is_written_over_a_damaged_document(self, store: StateStore, written: Raw, epoch: int) -> None:
        torn = written.read(STATE_KEY)[:-20]
        written.write(STATE_KEY, torn)
        for serial in (0, 2):
            with pytest.raises(StateError):
                store.write(STATE_KEY, sample_state(serial + 1), expected_serial=serial, epoch=epoch)
        assert written.read(STATE_KEY) == torn


def _refused(store: StateStore) -> None:
    with pytest.raises(StateError) as caught:
        found = store.read(STATE_KEY)
        raise AssertionError(f"a damaged document is read as {'no state' if found is None else f'version {found.serial}'}")
    assert caught.value.diagnostics[0].remedy, f"no remedy: {caught.value}"
