"""What CONTRIBUTING.md names is there: files, folders, targets of make, links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
MADE = {".venv", "build"}
"""Folders that commands make: what is in them is not in the repository."""

PLACES = sorted(
    {word for word in re.findall(r"`([\w.-]+(?:/[\w.-]+)*)`", TEXT) if "/" in word or word.endswith((".toml", ".txt"))}
    | set(re.findall(r"\]\(([^)#]+)\)", TEXT))
)


@pytest.mark.parametrize("place", PLACES)
def test_a_place_that_is_named_is_there(place: str) -> None:
    assert place.split("/")[0] in MADE or (ROOT / place).exists() or (ROOT / place).with_suffix(".py").exists()


def test_a_target_of_make_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`make ([\w-]+)`", TEXT))

    assert named >= {"test", "lint", "goldens"}
    assert named <= targets
