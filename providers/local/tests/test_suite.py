"""The local provider passes the suite that every provider passes."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from infractl.testing.provider_suite import ProviderSuite
from infractl.testing.subject import Subject
from infractl_local.provider import provider
from infractl_local.settings import LocalSettings


class TestLocal(ProviderSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def subject(cls, servers: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
        directory = tmp_path_factory.mktemp("run")
        yield Subject(provider=provider, settings=LocalSettings(), directory=directory)
        for process in servers(directory):
            process.send_signal(signal.SIGKILL)
            process.wait(10)
