"""State that an earlier infractl wrote is read for ever: a new field has a default, or the format is a new one."""

from __future__ import annotations

from pathlib import Path

from infractl.domain.address import ServiceKey
from infractl.state.document import Document, unpack

WRITTEN = Path(__file__).parents[1] / "cases" / "state"


def test_state_of_format_1_is_still_read() -> None:
    """The file was written by a real apply of the quickstart, and never changes."""
    key = ServiceKey(project="quickstart", environment="default", service="digits")

    found = unpack((WRITTEN / "format-1" / "state.json").read_bytes(), key)

    assert isinstance(found, Document), found
    assert sorted(r.address.kind for r in found.state.resources) == ["artifact", "route", "server"]
    assert found.state.deployment is not None
    assert found.state.deployment.stable.version == "1"
