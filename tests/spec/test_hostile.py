"""Files that were made to exhaust or to confuse whoever reads them: each is told of in bounded memory, time and output."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from infractl.errors import Diagnostic, SpecError
from infractl.spec.load import load_project
from infractl.spec.yaml.limit import MOST_PROBLEMS, MOST_PROBLEMS_IN_ALL
from infractl.spec.yaml.parse import parse

HEAD = (
    "apiVersion: infractl.dev/v1\nkind: InferenceService\nmetadata: {name: x}\nspec:\n  model: {uri: model.onnx, version: v1}\n"
)
SERVICE = "---\n" + HEAD.replace("{name: x}", "{name: x%}")
ENVIRONMENT = "apiVersion: infractl.dev/v1\nkind: Environment\nmetadata: {name: e}\n"
Limited = Callable[..., Any]
"""Runs the command line in a directory under limits: see conftest."""

LINE = 9_000_000
"""Characters of a file that is just small enough to be read."""

MOST_OUTPUT = 1_000_000
"""Characters that all the problems of a file take, at most."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "model.onnx").write_text("a model")
    return tmp_path


def many(count: int, line: str) -> str:
    return "".join(line.replace("%", str(i)) for i in range(count))


def doubling_aliases() -> str:
    tens = "".join(f"  {b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n" for a, b in pairwise("abcdefghi"))
    return f"{HEAD}  a: &a [x, x, x, x, x, x, x, x, x, x]\n{tens}"


def aliases_in_lists(count: int, depth: int) -> str:
    """Anchors, each of lists in lists around an alias of the one before."""
    lists = [f"a{i}: &a{i} {'[' * depth}{f'*a{i - 1}' if i else 'x'}{']' * depth}" for i in range(count)]
    return ", ".join(lists)


BOMBS: dict[str, tuple[Callable[[], str | bytes], set[str]]] = {
    # Aliases
    "aliases of aliases": (doubling_aliases, {"yaml-alias"}),
    "aliases of one mapping": (lambda: HEAD + "  a: &a {b: c}\n  m: [" + "*a," * 200_000 + "]\n", {"yaml-alias"}),
    "aliases of a long text": (lambda: HEAD + f"  a: &a {'x' * 500_000}\n  m: [" + "*a," * 9_000 + "]\n", {"yaml-alias"}),
    "aliases through merge keys": (
        lambda: HEAD + "  a: &a {b: c}\n" + many(20_000, "  m%: {<<: [*a, *a, *a]}\n"),
        {"yaml-merge", "more-problems"},
    ),
    "aliases of nothing": (lambda: HEAD + "  m: [" + "*a," * 1_000_000 + "]\n", {"yaml-alias", "more-problems"}),
    "aliases as keys": (lambda: HEAD + "  a: &a [x]\n" + "  *a : x\n" * 20_000, {"yaml-key", "more-problems"}),
    "deep lists of aliases": (lambda: HEAD + "  x: {" + aliases_in_lists(16, 60) + "}\n", {"yaml-alias"}),
    "small anchors": (lambda: HEAD + many(100_000, "  k%: &a% x\n"), {"unknown-key", "more-problems"}),
    "small anchors and their aliases": (lambda: HEAD + many(50_000, "  k%: &a% x\n  l%: *a%\n"), {"yaml-alias"}),
    # Size
    "100 MB": (lambda: b"a: b\n" * 20_000_000, {"file-too-big"}),
    "one line": (lambda: "a" * LINE, {"not-a-mapping"}),
    "a long value": (lambda: HEAD + "  slo: " + "a" * LINE, {"wrong-type"}),
    "a long name": (lambda: HEAD.replace("x}", "a" * LINE + "}"), {"bad-name"}),
    "a long quoted key": (lambda: HEAD + f"  ? '{'a' * LINE}'\n  : 1\n", {"unknown-key"}),
    "a long tag": (lambda: HEAD + f"  slo: !{'a' * LINE} b\n", {"yaml-tag"}),
    "a long anchor": (lambda: HEAD + f"  slo: *{'a' * LINE}\n", {"yaml-alias"}),
    "a long number": (lambda: HEAD + "  traffic: {peak: " + "9" * LINE + "}\n", {"quantity"}),
    "a long number as a text": (
        lambda: HEAD + "  traffic: {peak: 1/s, schedule: [{cron: '0 8 * * *', factor: '" + "9" * LINE + "'}]}\n",
        {"wrong-type"},
    ),
    "a long quantity": (lambda: HEAD + "  traffic: {peak: " + "9" * LINE + "/s}\n", {"quantity"}),
    "a quantity of blanks": (lambda: HEAD + f"  traffic: {{peak: '{' ' * LINE}x'}}\n", {"quantity"}),
    "a long cron": (lambda: HEAD + f"  traffic: {{peak: 1/s, schedule: [{{cron: '{'* ' * 240}', factor: 1}}]}}\n", {"bad-cron"}),
    "escapes": (lambda: HEAD + '  slo: "' + "\\x41" * 2_000_000 + '"\n', {"wrong-type"}),
    "one pair again and again": (lambda: "a: b\n" * 1_900_000, {"duplicate-key", "more-problems"}),
    "pairs": (lambda: many(800_000, "k%: b\n"), {"yaml-size"}),
    "labels on one line": (
        lambda: HEAD.replace("{name: x}", "{name: x, labels: {" + many(90_000, "K%: v,") + "}}"),
        {"bad-label", "more-problems"},
    ),
    "list items": (lambda: HEAD + "  targets:\n" + "  - a\n" * 1_000_000, {"yaml-size"}),
    "unknown targets": (lambda: HEAD + "  targets:\n" + many(150_000, "  - a%\n"), {"unknown-target", "more-problems"}),
    "list items on one line": (lambda: HEAD + "  targets: [" + "1," * 1_000_000 + "]\n", {"yaml-size"}),
    "keys on one line": (lambda: "{" + "a," * 4_000_000 + "}", {"duplicate-key", "more-problems"}),
    "empty keys": (lambda: "?\n" * 4_000_000, {"duplicate-key", "more-problems"}),
    "documents": (lambda: "---\na\n" * 1_000_000, {"not-a-mapping", "more-problems", "yaml-size"}),
    "services of one name": (lambda: ("---\n" + HEAD) * 80_000, {"duplicate-service", "more-problems", "yaml-size"}),
    "services with an error each": (
        lambda: many(20_000, "---\n" + HEAD.replace("{name: x}", "{name: x%}").replace("model.onnx", "gone.onnx")),
        {"model-missing", "more-problems", "yaml-size"},
    ),
    # Nesting
    "lists in lists": (lambda: "[" * 5_000_000, {"yaml-depth"}),
    "mappings in mappings": (lambda: "{a: " * 2_000_000, {"yaml-depth"}),
    "blocks in blocks": (lambda: "".join(" " * i + "a:\n" for i in range(4000)), {"yaml-depth"}),
    "hyphens in hyphens": (lambda: "- " * 4_000_000 + "a", {"yaml-depth"}),
    "keys in keys": (lambda: "? " * 4_000_000 + "a", {"yaml-depth"}),
    "lists in mappings in lists": (lambda: "".join(" " * 2 * i + "- a:\n" for i in range(2000)), {"yaml-depth"}),
    "flow in block": (lambda: "a:\n  - b: " + "[{c: " * 1_000_000, {"yaml-depth"}),
    # One character again and again
    "quotes": (lambda: "'" * LINE, {"not-a-mapping"}),
    "colons": (lambda: ":" * LINE, {"yaml-syntax"}),
    "commas": (lambda: "[" + "," * LINE, {"yaml-syntax"}),
    "comments": (lambda: "#" * LINE, {"empty-file"}),
    "line feeds": (lambda: "\n" * LINE, {"empty-file"}),
    "carriage returns": (lambda: "\r" * LINE, {"empty-file"}),
    "next lines": (lambda: "\x85" * (LINE // 2), {"control-character"}),
    "blanks": (lambda: " " * LINE + "a", {"not-a-mapping"}),
    "tabs": (lambda: "\t" * LINE, {"yaml-tab"}),
    "percent signs": (lambda: "%\n" * (LINE // 2), {"yaml-syntax"}),
    "ampersands": (lambda: "&a " * (LINE // 3), {"yaml-syntax"}),
    "exclamation marks": (lambda: "!a " * (LINE // 3), {"yaml-syntax"}),
    "bytes that are no UTF-8": (lambda: b"\xff" * LINE, {"not-utf8"}),
    "a NUL at the end": (lambda: b"a: b\n" * 1_900_000 + b"\0", {"not-text"}),
    "a control character at the end": (lambda: b"a: b\n" * 1_900_000 + b"\x01", {"control-character"}),
    # What may be secrets, which are looked for before anything is shown
    "blanks behind a secret": (lambda: HEAD + "  auth: {apiKeys: {env: a" + " " * LINE + "!\n", {"yaml-syntax"}),
    "secrets": (lambda: HEAD + many(150_000, "  password%: x\n"), {"unknown-key", "more-problems"}),
    "secrets on one line": (lambda: HEAD + "  x: {" + "password: x, " * 600_000 + "}\n", {"duplicate-key", "more-problems"}),
    "secrets above a mistake": (lambda: HEAD + "  [\n" + "password: x\n" * 600_000, {"yaml-syntax"}),
    "a list of secrets": (lambda: HEAD + "  password:\n" + "  - x\n" * 300_000, {"unknown-key"}),
    # Problems
    "keys given twice": (lambda: HEAD + "  targets: []\n" * 10_000, {"duplicate-key", "more-problems"}),
    "unknown keys": (lambda: HEAD + many(10_000, "  k%: x\n"), {"unknown-key", "more-problems"}),
    "tags": (lambda: HEAD + "  targets:\n" + "  - !x a\n" * 10_000, {"yaml-tag", "more-problems"}),
    "values that stand for nothing": (
        lambda: HEAD + "  targets: ['" + many(9_000, "${a%}") + "']\n",
        {"unknown-environment-value", "more-problems"},
    ),
    "values in thousands": (lambda: HEAD + "  targets: ['" + "${a}" * 1_000_000 + "']\n", {"value-reference", "bad-name"}),
}


@pytest.mark.slow
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_hostile_file_is_told_in_bounded_time_memory_and_output(bomb: str, project: Path, limited: Limited) -> None:
    make, slugs = BOMBS[bomb]
    content = make()
    (project / "x.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())

    told = limited(project, "validate", "x.yaml")

    assert told.code == 1
    assert set(told.errors) == slugs
    assert len(told.text) < MOST_OUTPUT
    assert told.text.count("--> x.yaml:") == told.errors.total() + told.others.total()


@pytest.mark.slow
@pytest.mark.parametrize("form", ["json", "sarif"])
@pytest.mark.parametrize("bomb", ["keys on one line", "a long value", "unknown keys", "bytes that are no UTF-8"])
def test_what_machines_read_is_bounded_too(bomb: str, form: str, project: Path, limited: Limited) -> None:
    content = BOMBS[bomb][0]()
    (project / "x.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())

    told = limited(project, "validate", "x.yaml", "--format", form)

    assert json.loads(told.text)
    assert len(told.text) < MOST_OUTPUT


def problems_of(*paths: Path) -> tuple[Diagnostic, ...]:
    with pytest.raises(SpecError) as raised:
        load_project(paths)
    return raised.value.diagnostics


def test_of_thousands_of_problems_the_first_are_told_and_that_there_are_more() -> None:
    problems = parse((HEAD + "  targets: []\n" * 10_000).encode(), "x.yaml").problems

    assert [d.slug for d in problems] == ["duplicate-key"] * MOST_PROBLEMS + ["more-problems"]
    assert [str(d.at) for d in problems[:2]] == ["x.yaml:7:3", "x.yaml:8:3"]
    assert "run the command again" in problems[-1].remedy


def test_a_hundred_problems_are_told_without_a_word_about_more(project: Path) -> None:
    (project / "x.yaml").write_text(HEAD + many(MOST_PROBLEMS, "  k%: x\n"))

    assert [d.slug for d in problems_of(project)] == ["unknown-key"] * MOST_PROBLEMS


def test_thousands_of_wrong_services_are_told_up_to_a_bound(project: Path) -> None:
    wrong = SERVICE.replace("version: v1", "version: -1-")
    (project / "x.yaml").write_text(many(MOST_PROBLEMS_IN_ALL + 500, wrong))

    slugs = [d.slug for d in problems_of(project)]

    assert slugs == ["bad-version"] * MOST_PROBLEMS_IN_ALL + ["more-problems"]


def test_thousands_of_documents_of_other_tools_do_not_count(project: Path) -> None:
    (project / "others.yaml").write_text("---\nkind: Pod\n" * (2 * MOST_PROBLEMS_IN_ALL))
    (project / "x.yaml").write_text(HEAD)

    assert [s.name for s in load_project([project]).services] == ["x"]


@pytest.mark.parametrize("depth", [1, 20, 60])
def test_what_aliases_bring_is_nested_no_deeper_than_what_is_written(depth: int, project: Path) -> None:
    (project / "infractl.yaml").write_text("project: p\n")
    (project / "x.yaml").write_text(f"{HEAD}  x: {{{aliases_in_lists(16, depth)}}}\n")
    (project / "environments").mkdir()
    (project / "environments" / "e.yaml").write_text(
        f"{ENVIRONMENT}overlay: {{spec: {{targets: ['${{a}}']}}}}\nvalues: {{a: b}}\n"
    )

    with pytest.raises(SpecError) as raised:
        load_project([project], environment="e")

    assert ("yaml-alias" in {d.slug for d in raised.value.diagnostics}) == (depth > 1)


LAID: dict[str, tuple[str, str, str]] = {
    "a list for thousands of services": (
        many(9_000, SERVICE),
        "overlay: {spec: {targets: [" + "a," * 100_000 + "]}}\n",
        "environment-size",
    ),
    "labels for thousands of services": (
        many(9_000, SERVICE),
        "overlay: {metadata: {labels: {" + many(100_000, "x%: y,") + "}}}\n",
        "environment-size",
    ),
    "long values in thousands of services": (
        many(6_000, SERVICE + "  targets: ['" + "${a}" * 200 + "']\n"),
        f"values: {{a: '{'x' * 499}'}}\n",
        "environment-size",
    ),
    "aliases in lists": (
        HEAD + "  x: {" + aliases_in_lists(16, 60) + "}\n",
        "overlay: {spec: {y: {" + aliases_in_lists(16, 55) + "}}}\n",
        "yaml-alias",
    ),
    "a value of megabytes": (
        HEAD + "  targets: [" + "'z${a}'," * 9_000 + "]\n",
        f"values: {{a: '{'x' * LINE}'}}\n",
        "wrong-length",
    ),
    "patches for services that are not there": (HEAD, "services:\n" + many(130_000, "  a%: {}\n"), "unknown-service"),
    "values that are none": (HEAD, "values:\n" + many(130_000, "  a%: [%]\n"), "wrong-type"),
}
"""The service's file, what the environment says, and a problem that is told."""


@pytest.mark.slow
@pytest.mark.parametrize("bomb", LAID)
def test_an_environment_cannot_make_a_bomb_of_services(bomb: str, project: Path, limited: Limited) -> None:
    services, environment, slug = LAID[bomb]
    (project / "infractl.yaml").write_text("project: p\n")
    (project / "x.yaml").write_text(services)
    (project / "environments").mkdir()
    (project / "environments" / "e.yaml").write_text(ENVIRONMENT + environment)

    told = limited(project, "validate", "--env", "e", ".")

    assert told.code == 1
    assert slug in told.errors
    assert len(told.text) < MOST_OUTPUT
