from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test makes its profiles itself, and leaves none in the user's cache."""
    directory = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("INFRACTL_CACHE", str(directory))
    return directory
