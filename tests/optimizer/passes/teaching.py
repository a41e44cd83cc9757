"""Where PyTorch is, for tests that teach: beside infractl, or in the environment that `make peers` makes."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from infractl.optimizer.student.teach import ELSEWHERE

PEER = Path(__file__).parents[3] / "build" / "peers" / "torch" / "bin" / "python"


@pytest.fixture
def torch(monkeypatch: pytest.MonkeyPatch) -> None:
    if find_spec("torch"):
        monkeypatch.delenv(ELSEWHERE, raising=False)
    elif PEER.exists():
        monkeypatch.setenv(ELSEWHERE, str(PEER))
    else:
        pytest.skip("PyTorch is neither installed beside infractl nor in build/peers")
