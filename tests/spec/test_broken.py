"""Broken documents and what is said about them: a folder for each case. INFRACTL_GOLDENS=1 rewrites what is expected."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from infractl.errors import SpecError
from infractl.report.diagnostic import render
from infractl.spec.load import load_project

CASES = Path(__file__).parents[1] / "cases" / "spec" / "broken"


@pytest.mark.parametrize("case", sorted(p.name for p in CASES.iterdir() if p.is_dir()))
def test_a_broken_document_is_explained(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = CASES / case
    monkeypatch.chdir(directory)
    named = directory / "paths.txt"
    paths = [Path(line) for line in named.read_text().splitlines()] if named.exists() else [Path("service.yaml")]

    with pytest.raises(SpecError) as raised:
        load_project(paths)

    text = render(raised.value.diagnostics).replace(str(CASES.parents[2]), "…")
    expected = directory / "expected.txt"
    if os.environ.get("INFRACTL_GOLDENS"):
        expected.write_text(text)
    assert text == expected.read_text()
