"""Broken documents and what is said about them: a folder for each case. INFRACTL_GOLDENS=1 rewrites what is expected."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from infractl.errors import Diagnostic
from infractl.report.diagnostic import render

CASES = Path(__file__).parents[1] / "cases" / "spec" / "broken"


@pytest.mark.parametrize("case", sorted(p.name for p in CASES.iterdir() if p.is_dir()))
def test_a_broken_document_is_explained(case: str, load_broken: Callable[[Path], tuple[Diagnostic, ...]]) -> None:
    text = render(load_broken(CASES / case)).replace(str(CASES.parents[2]), "…")

    expected = CASES / case / "expected.txt"
    if os.environ.get("INFRACTL_GOLDENS"):
        expected.write_text(text)
    assert text == expected.read_text()
