"""What users really are told is in the reference of errors: each slug on its own anchor, and no path of this repository."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from infractl.errors import Diagnostic

ROOT = Path(__file__).parents[2]
BROKEN = ROOT / "tests" / "cases" / "spec" / "broken"
PAGE = (ROOT / "docs" / "reference" / "errors.md").read_text()
EXPLAINED = set(re.findall(r"^### ([a-z0-9-]+)$", PAGE, re.MULTILINE))
CODED = set(re.findall(r"^\| `([a-z0-9-]+)` \|", PAGE, re.MULTILINE))


@pytest.mark.parametrize("case", sorted(p.name for p in BROKEN.iterdir() if p.is_dir()))
def test_what_is_told_of_a_broken_document_is_explained(case: str, load_broken: Callable[[Path], tuple[Diagnostic, ...]]) -> None:
    assert {d.slug for d in load_broken(BROKEN / case)} <= EXPLAINED


@pytest.mark.parametrize("slug", ["quantity", "usage", "internal", "interrupted", "system", "provider-import", "store-import"])
def test_slugs_that_are_one_word_or_handed_over_are_explained(slug: str) -> None:
    assert slug in EXPLAINED


@pytest.mark.parametrize("percentile", ["p50", "p95", "p99"])
def test_each_percentile_is_a_reason_against_a_placement(percentile: str) -> None:
    assert f"{percentile}-over-slo" in CODED


def test_each_slug_is_in_the_contents_once() -> None:
    contents = PAGE.partition("## Contents")[2].partition("\n## ")[0]

    assert sorted(re.findall(r"\[([a-z0-9-]+)\]\(#\1\)", contents)) == sorted(EXPLAINED)


def test_nothing_is_both_an_error_and_never_one() -> None:
    (skipped,) = re.findall(r"^### skipped-document\n\n(.*)$", PAGE, re.MULTILINE)

    assert skipped.endswith("A warning or a note.")


def test_no_path_of_this_repository_is_shown() -> None:
    assert "cases/" not in PAGE


def test_a_meaning_is_of_something_that_is_told() -> None:
    meanings = tomllib.loads((ROOT / "docs" / "meanings.toml").read_text())

    assert set(meanings["errors"]) - EXPLAINED == set()
    assert set(meanings["notices"]) - CODED == set()
