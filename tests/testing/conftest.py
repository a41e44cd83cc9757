"""What the doubles' tests share."""

from __future__ import annotations

import pytest


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cloud in memory is asked again at once."""
    monkeypatch.setattr("infractl.applying.wait.READ_EVERY_S", 0.005)
    monkeypatch.setattr("infractl.applying.wait.random.uniform", lambda *_: 0.001)
