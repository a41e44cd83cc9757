"""The provider suite as the doubles pass it: without what asks for a cloud that outlives the process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from infractl.provider.contract import Provider
from infractl.testing.provider_suite import ProviderSuite
from infractl.testing.subject import Life, Subject


class DoubleSuite(ProviderSuite):
    def test_another_process_finishes_what_this_one_began(self, life: Life) -> None:
        pytest.skip("a double's cloud is in the memory of one process; its own tests have it polled by another connection")


def subject_of(provider: Provider, cloud: Any, directory: Path) -> Subject:
    return Subject(provider=provider, settings=provider.settings(cloud=cloud), directory=directory, patience_s=5.0, settle_s=0.3)
