"""The site: every page is in the navigation, every link leads somewhere, and nothing is fetched to build or to read it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SETTINGS = ROOT / "zensical.toml"

LOADED = re.compile(r"<(?:script|link|img|iframe|source)\b[^>]*?\b(?:src|href)=\"?([^\s\">]+)")
STYLED = re.compile(r"(?:@import|url\()\s*[\"']?(https?:)?//")


def pages_in(entry: Any) -> Iterator[str]:
    match entry:
        case str():
            yield entry
        case list():
            for part in entry:
                yield from pages_in(part)
        case dict():
            for part in entry.values():
                yield from pages_in(part)


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    shutil.copy(SETTINGS, tmp_path)
    shutil.copytree(DOCS, tmp_path / "docs", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_every_page_is_in_the_navigation_once() -> None:
    named = list(pages_in(tomllib.loads(SETTINGS.read_text())["project"]["nav"]))

    assert sorted(named) == sorted(page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md"))


def test_the_site_is_built_without_a_warning_and_loads_nothing_from_elsewhere(copied: Path) -> None:
    done = build(copied)

    assert done.returncode == 0, done.stdout + done.stderr
    site = copied / "build" / "site"
    pages = sorted(site.rglob("*.html"))
    assert {page.relative_to(site).with_suffix(".md").as_posix() for page in pages} >= {
        page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")
    }
    assert [url for page in pages for url in LOADED.findall(page.read_text()) if re.match(r"(https?:)?//", url)] == []
    assert [sheet.name for sheet in site.rglob("*.css") if STYLED.search(sheet.read_text())] == []
    assert sorted(path.name for path in site.rglob("*.py")) == [], "the scripts beside the pages are no part of the site"


@pytest.mark.parametrize("link", ["guides/gone.md", "glossary.md#gone"])
def test_a_link_that_leads_nowhere_stops_the_build(link: str, copied: Path) -> None:
    with (copied / "docs" / "index.md").open("a") as index:
        index.write(f"\n[nowhere]({link})\n")

    done = build(copied)

    assert done.returncode != 0
    assert "does not exist" in done.stdout + done.stderr
