"""What is recorded, as people and other programs read it."""

from __future__ import annotations

from infractl.report.state_text import resources_text
from infractl.testing.sample_state import sample_state


def test_the_columns_of_what_is_recorded_stand_under_each_other() -> None:
    lines = resources_text([sample_state(1, resources=11)]).splitlines()

    assert len(lines) == 11
    assert len({line.index("  local  ") for line in lines}) == 1
    assert not any(line.endswith(" ") for line in lines)
    assert resources_text([]) == ""
