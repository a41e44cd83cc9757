"""The tests that every provider passes. A plugin's author subclasses `ProviderSuite` in a test file and says what it is about.

    class TestNimbus(ProviderSuite):
        @pytest.fixture(scope="class")
        @classmethod
        def subject(cls, tmp_path_factory: pytest.TempPathFactory) -> Subject:
            return Subject(provider=provider, settings=NimbusSettings(), directory=tmp_path_factory.mktemp("run"))

Everything that a test makes belongs to a service of its own name and lineage, and is deleted at its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from infractl.testing.subject import Life, Subject
from infractl.testing.suite.capability import CapabilitySuite, NotOffered
from infractl.testing.suite.declaration import DeclarationSuite
from infractl.testing.suite.object import ObjectSuite
from infractl.testing.suite.step import StepSuite
from infractl.testing.suite.whole import WholeSuite


class ProviderSuite(DeclarationSuite, ObjectSuite, StepSuite, WholeSuite, CapabilitySuite):
    """What the contract says (`infractl/provider/contract.py`, `capability.py`), as tests."""

    @pytest.fixture(scope="class")
    @classmethod
    def subject(cls) -> Subject:
        raise NotImplementedError("say in a fixture `subject` which provider the suite is about")

    @pytest.fixture(scope="class")
    @classmethod
    def alive(cls, subject: Subject, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
        """A service that is made once for all the tests that change nothing."""
        life = Life(subject, tmp_path_factory.mktemp("models"))
        try:
            life.make_all()
            yield life
        finally:
            life.sweep()

    @pytest.fixture
    def life(self, subject: Subject, tmp_path: Path) -> Iterator[Life]:
        """A service that nothing is made of yet."""
        life = Life(subject, tmp_path)
        yield life
        life.sweep()

    @pytest.fixture(autouse=True)
    def not_offered(self, pytestconfig: pytest.Config) -> None:
        NotOffered.listed_at_the_end(pytestconfig)
