"""The page on recovery says of each error of state, locks, journals and plans what happened and what to do."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
FAMILIES = re.compile("(state|lock|journal|restore|import|plan|rollback)-")
OTHERS = {
    "address-not-recorded",
    "artifact-damaged",
    "artifact-missing",
    "interrupted",
    "kind-unknown",
    "operation-runs",
    "provider-broke",
    "secret-missing",
    "service-not-recorded",
    "step-failed",
    "target-missing",
    "version-not-kept",
}


def test_each_error_of_state_locks_journals_and_plans_has_its_row() -> None:
    page = (DOCS / "guides" / "recovery.md").read_text()
    meanings = set(tomllib.loads((DOCS / "meanings.toml").read_text())["errors"])
    rows = re.findall(r"^\| \[([a-z0-9-]+)\]\(\.\./reference/errors\.md#\1\) \| .+ \| .+ \|$", page, re.MULTILINE)

    assert {slug for slug in meanings if FAMILIES.match(slug)} | OTHERS == set(rows)
    assert len(rows) == len(set(rows))
    assert meanings >= OTHERS
