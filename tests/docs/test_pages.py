"""What the pages show works: links lead somewhere, commands exist, documents are valid."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from infractl.cli.app import application
from infractl.spec.load import load_project

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*/README.md")))


def place(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=place)
def test_a_relative_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s#]+)[^)\s]*\)", page.read_text())

    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=place)
def test_a_command_that_a_page_shows_is_understood(page: Path) -> None:
    commands = typer.main.get_command(application()).commands
    for block in blocks(page, "console"):
        for line in re.findall(r"^\$ infractl (.+)$", block, re.MULTILINE):
            name, *words = shlex.split(line, comments=True)
            if not name.startswith("-"):
                command = commands[name]
                command.context_class(command, info_name=name)
                command.make_parser(command.context_class(command)).parse_args(words)


@pytest.mark.parametrize("page", PAGES, ids=place)
def test_a_document_that_a_page_shows_is_valid(page: Path, tmp_path: Path) -> None:
    """Whole documents only; a part of one shows a detail. The files that they name are there, whatever they hold.

    One that refers to an environment's values is checked with these, in test_environments.
    """
    documents = [block for block in blocks(page, "yaml") if "kind: InferenceService" in block and "${" not in block]
    for number, document in enumerate(documents):
        folder = tmp_path / str(number)
        folder.mkdir()
        for named in re.findall(r"(?:uri|data|reference): (?!\S*://)([^\s,}]+)", document):
            (folder / named).parent.mkdir(exist_ok=True)
            (folder / named).touch()
        (folder / "service.yaml").write_text(document)

        assert load_project([folder / "service.yaml"]).services
