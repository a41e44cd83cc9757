"""The example passes the suite that every provider passes. This file is all that a plugin's author writes for it."""

from __future__ import annotations

import pytest

from infractl.testing.provider_suite import ProviderSuite
from infractl.testing.subject import Subject
from infractl_folder.provider import FolderSettings, provider


class TestFolder(ProviderSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def subject(cls, tmp_path_factory: pytest.TempPathFactory) -> Subject:
        folder = tmp_path_factory.mktemp("folder")
        return Subject(provider=provider, settings=FolderSettings(path=folder / "served"), directory=folder / "run")
