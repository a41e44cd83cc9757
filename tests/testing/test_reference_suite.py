"""The reference provider passes the suite, at once and with operations that take their time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infractl.testing.provider_suite import ProviderSuite
from infractl.testing.reference.cloud import running
from infractl.testing.reference.kind import SCHEMAS
from infractl.testing.reference.provider import ReferenceSettings, provider
from infractl.testing.subject import Subject


@pytest.fixture(scope="class", params=[0.0, 0.15], ids=["at-once", "slow"])
def reference(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    folder = tmp_path_factory.mktemp("reference")
    with running(folder / "cloud") as cloud:
        for kind in SCHEMAS:
            for action in ("create", "update", "delete"):
                cloud.delay(kind, action, request.param)
        settings = ReferenceSettings(directory=cloud.directory, key="ENDPOINT_KEY")
        yield Subject(provider=provider, settings=settings, directory=folder / "run", secrets={"ENDPOINT_KEY": "open sesame"})


class TestReference(ProviderSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def subject(cls, reference: Subject) -> Subject:
        return reference
