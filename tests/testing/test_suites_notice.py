"""A suite is worth what it refuses: each broken provider and store fails the test that is about the rule that it breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from infractl.errors import InfractlError
from infractl.state.local import LocalStateStore
from infractl.testing.faults import Lies, RollsBack
from infractl.testing.provider_suite import ProviderSuite
from infractl.testing.reference.cloud import Cloud, running
from infractl.testing.reference.provider import ReferenceSettings
from infractl.testing.store_suite import StateStoreSuite
from infractl.testing.subject import Subject
from infractl.testing.suite.process import OpenStore
from tests.state.files import Files
from tests.testing import broken

PROVIDERS: Mapping[str, Callable[[Any], Any]] = {
    "test_a_step_that_is_begun_twice_makes_one_object": broken.MakesAnother,
    "test_a_create_adopts_what_carries_its_labels": broken.AdoptsNothing,
    "test_another_owner_finds_none_of_them": broken.GivesToAnybody,
    "test_reading_leaves_out_what_is_absent": broken.ReadsTheAbsent,
    "test_what_was_created_is_no_difference": broken.KeepsDefaults,
    "test_another_process_finishes_what_this_one_began": broken.ForgetsWithTheProcess,
    "test_what_is_deleted_is_gone_and_can_be_deleted_again": broken.DeletesOnce,
    "test_what_was_never_there_can_be_deleted": broken.DeletesByAddress,
    "test_no_secret_is_told": broken.TellsSecrets,
    "test_managed_and_health_are_pure": broken.WritesIntoWhatItIsGiven,
    "test_a_service_is_applied_changed_and_destroyed": RollsBack,
    "test_what_was_deleted_elsewhere_is_made_anew": Lies,
    "test_a_service_whose_state_was_lost_is_adopted_by_its_labels": broken.LagsForEver,
}
STORES: Mapping[str, type] = {
    "test_a_write_on_another_version_than_the_stored_one_is_refused": broken.LastWriterWins,
    "test_of_two_processes_that_write_the_same_version_one_wins": broken.ChecksBeforeItWrites,
    "test_a_stale_epoch_can_do_nothing": broken.AsksForNoEpoch,
    "test_a_torn_document_is_an_error_wherever_it_is_cut": broken.TakesDamageForNothing,
    "test_entries_come_back_in_order_until_they_are_folded": broken.LosesTheJournal,
    "test_a_held_lock_is_refused_with_the_holder_and_what_to_do": broken.LetsEverybodyIn,
    "test_earlier_versions_are_kept_newest_first": broken.KeepsNoHistory,
    "test_a_deleted_state_is_taken_up_again_where_it_ended": broken.BeginsAlwaysAnew,
}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with running(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


class Provider(ProviderSuite):
    """The suite about the reference provider with `fault` around its kinds."""

    fault: Callable[[Any], Any]

    @pytest.fixture(scope="class")
    @classmethod
    def subject(cls, cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Subject:
        return Subject(
            provider=broken.Broken(cls.fault),
            settings=ReferenceSettings(directory=cloud.directory, key="KEY"),
            directory=tmp_path_factory.mktemp("run"),
            secrets={"KEY": "open sesame"},
            patience_s=5.0,
            settle_s=0.1,
        )


class Store(StateStoreSuite):
    """The suite about a local store of the class `store_class`."""

    store_class: type[LocalStateStore]

    @pytest.fixture
    def open_store(self, tmp_path: Path) -> OpenStore:
        return partial(broken.open_store, self.store_class, tmp_path)

    @pytest.fixture
    def raw(self, tmp_path: Path) -> Files:
        return Files(tmp_path)


NOTICED = (AssertionError, InfractlError, pytest.fail.Exception)


def noticing(suite: type, name: str, **members: Any) -> type:
    """The suite without any other test than this one, which has to fail: `xfail_strict` makes an error of its passing."""
    assert hasattr(suite, name)
    others = {test: None for test in dir(suite) if test.startswith("test_") and test != name}
    return pytest.mark.xfail(raises=NOTICED)(type(f"Test{name}", (suite,), {**others, **members}))


for _name, _fault in PROVIDERS.items():
    globals()[f"Test{_fault.__name__}"] = noticing(Provider, _name, fault=staticmethod(_fault))
for _name, _store in STORES.items():
    globals()[f"Test{_store.__name__}"] = noticing(Store, _name, store_class=_store)
