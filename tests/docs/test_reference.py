"""What the program can say, the reference explains: each command, exit code, diagnostic and word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from infractl import errors
from infractl.cli.app import application
from infractl.spec.rule.check import PROJECT_RULES, RULES

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
SOURCE = (*ROOT.glob("infractl/**/*.py"), *ROOT.glob("providers/*/infractl_*/**/*.py"))
# What `infractl.testing` says is told to authors of plugins.
MODULES = sorted(path for path in SOURCE if ROOT / "infractl" / "testing" not in path.parents)
# As a reader's eye would find them, not as the page's generator does: any call that is given a slug as a literal.
SLUGS = re.compile(r"""(?:\.(?:error|warning|note|of)\(|\bslug=|\bcode=|_diagnostic\()\s*"([a-z0-9]+(?:-[a-z0-9]+)+)\"""")

WORDS = """
    service, project, environment, target, chip, offer, tariff, rate, profile, recipe, engine, instance, placement, prediction,
    evaluation, decision, pass, artifact, refusal, gate, release, deployment, serving config, resource, kind, address, ref, live,
    plan, change, action, reason, step, apply, intent, deposed, state, serial, lineage, lock, epoch, drift, shift, measurement,
    figure, basis, rollout, bake, promote, roll back, SLO, TTFT, TPOT
"""


def subclasses(kind: type[errors.InfractlError]) -> Iterator[type[errors.InfractlError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from subclasses(child)


def test_each_command_has_its_section() -> None:
    page = (REFERENCE / "commands.md").read_text()
    names = list(commands_in(typer.main.get_command(application())))

    assert {"plan", "state", "state list", "state unlock"} <= set(names)
    assert [name for name in names if f"## infractl {name}\n" not in page] == []


def commands_in(group: typer.core.TyperGroup, above: str = "") -> Iterator[str]:
    for word, command in group.commands.items():
        yield f"{above}{word}"
        if isinstance(command, typer.core.TyperGroup):
            yield from commands_in(command, f"{above}{word} ")


def test_each_exit_code_of_an_error_is_explained() -> None:
    explained = set(re.findall(r"^\| (\d+) \|", (REFERENCE / "exit-codes.md").read_text(), re.MULTILINE))
    codes = {str(kind.exit_code) for kind in subclasses(errors.InfractlError)} | {"0", "2"}

    assert codes == explained


def test_each_slug_in_the_source_is_in_the_reference() -> None:
    page = (REFERENCE / "errors.md").read_text()
    slugs = {slug for module in MODULES for slug in SLUGS.findall(module.read_text())}

    assert len(slugs) > 50
    assert sorted(slug for slug in slugs if f"### {slug}\n" not in page and f"`{slug}`" not in page) == []


@pytest.mark.parametrize("rule", [*RULES, *PROJECT_RULES], ids=lambda rule: rule.__name__)
def test_each_rule_between_fields_is_read_where_the_fields_are(rule: Any) -> None:
    page = (REFERENCE / "spec.md").read_text()

    assert " ".join(rule.__doc__.split()) in page


def test_an_action_of_a_pipeline_has_one_version_on_all_pages() -> None:
    used = {use for page in ROOT.glob("docs/**/*.md") for use in re.findall(r"uses: (\S+)@(\S+)", page.read_text())}

    assert used
    assert len(used) == len({action for action, _ in used})


@pytest.mark.parametrize("word", [" ".join(word.split()) for word in WORDS.split(",")])
def test_each_word_of_the_trade_has_a_line_and_an_example(word: str) -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", (ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE)
    lines = {name.strip("*"): (meaning, example) for name, meaning, example in rows}

    assert word in lines
    assert all(lines[word])
