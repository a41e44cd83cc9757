"""The guide to environments: its files are a project that is valid everywhere, and what it says comes of them does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from infractl.report.given_text import given_lines
from infractl.spec.load import load_in_every_environment, load_project

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "environments.md").read_text()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The guide's files, each named by its first line, as the current directory."""
    for name, text in re.findall(r"^```yaml\n# (\S+)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"# {name}\n{text}")
    (tmp_path / "services" / "fraud.onnx").write_text("a model")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_guide_s_files_are_valid_in_every_environment(project: Path) -> None:
    loaded = load_in_every_environment([project])

    assert ([s.name for s in loaded.services], loaded.diagnostics) == (["fraud"], ())
    assert loaded.environments == ("default", "staging")


def test_the_guide_shows_what_the_environment_gives(project: Path) -> None:
    (service,) = load_project([project], "staging").services
    (shown,) = re.findall(r"^```text\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)

    assert shown.splitlines() == list(given_lines(service.given))
