"""The generated pages are what their scripts print now."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = {
    "docs/house.md": "docs/house.py",
    "docs/reference/commands.md": "docs/commands.py",
    "docs/reference/errors.md": "docs/errors.py",
    "docs/reference/providers.md": "docs/providers.py",
    "docs/reference/spec.md": "docs/spec.py",
}


@pytest.mark.parametrize("page", PAGES)
def test_a_generated_page_is_fresh(page: str) -> None:
    done = subprocess.run([sys.executable, ROOT / PAGES[page]], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    printed = done.stdout.rstrip() + "\n"
    if os.environ.get("INFRACTL_GOLDENS"):
        (ROOT / page).write_text(printed)

    assert (ROOT / page).read_text() == printed, "make goldens writes it anew"
