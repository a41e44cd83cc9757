"""Whatever a file holds, loading it gives a project or errors that point somewhere: never a traceback.

Together at least two thousand files. None may take more than some seconds of the processor's time.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from infractl.errors import Diagnostic, Mark, Severity, SpecError
from infractl.report.diagnostic import as_json, render
from infractl.report.diagnostic_sarif import as_sarif
from infractl.spec.load import load_in_every_environment
from infractl.spec.yaml.parse import parse
from infractl.spec.yaml.text import LINE_BREAK

GOOD = Path(__file__).parents[1] / "cases" / "spec" / "good"
PROJECT = (GOOD / "infractl.yaml").read_text()
SERVICES = [p.read_text() for p in sorted(GOOD.glob("*.yaml")) if p.name != "infractl.yaml"]
ENVIRONMENTS = [p.read_text() for p in sorted(GOOD.glob("environments/*.yaml"))]
WORDS = ["10ms", "-1", "0/s", "5%", "1 USD", "8MiB", ".nan", ".inf", "1e999", "9" * 30, "''", "[]", "{}", "null", "true"]
WORDS += ["off", "auto", "canary", "local", "s3://", "oci://", "../", "${bucket}", "${", "$${", "0 8 * * *", "Europe/Berlin"]
WORDS += [
    "*a",
    "&a",
    "!x",
    "<<",
    "\t",
    "\n",
    "\r",
    ": ",
    "- ",
    "? ",
    "'",
    '"',
    "#",
    "---\n",
    "...\n",
    "%",
    "|",
    ">",
    "\\",
    ",",
    "}",
]
WORDS += [
    "\u2028",
    "\x85",
    "\ufeff",
    "\u202e",
    "é",
    "日本",
    "\U0001f600",
    "\0",
    "\x1b",
    "spec:",
    "name: ",
    "env: ",
    "\n  spec:\n",
]

MOVING = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Categories of characters that move the cursor, hide, or turn the writing around; others are shown as they are."""

NOT_SHOWN = {"not-text", "empty-file"}
MAY_HOLD_A_SECRET = re.compile("secret|key|token|passw|env|auth|webhook|address", re.IGNORECASE)
"""Words in a file of whose lines only the start may be shown."""

MOST_CPU_S = 20
"""A thousand times what a file usually takes. It is the processor's time: a busy machine changes nothing."""


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    """The good project's models, data, environments and infractl.yaml, without its services."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "project"
        shutil.copytree(GOOD, path)
        for service in path.glob("*.yaml"):
            service.unlink()
        yield path


@contextmanager
def bounded() -> Iterator[None]:
    def give_up(*_: object) -> None:
        raise AssertionError(f"more than {MOST_CPU_S} seconds of the processor's time")

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, MOST_CPU_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def check(directory: Path, data: bytes, name: str = "service.yaml") -> None:
    """Load the service beside what else is in the project; every problem has a place that is there, and can be printed."""
    file = directory / name
    file.write_bytes(data)
    with bounded():
        problems = problems_of(directory)
    text = render(problems)
    assert not {unicodedata.category(c) for c in text if c != "\n"} & MOVING
    assert render(problems, color=True).count("\n") == text.count("\n")
    assert len(json.loads(json.dumps(as_json(problems)))) == len(problems)
    assert json.dumps(as_sarif(problems, "1"))
    for problem in problems:
        assert problem.at, problem
        if isinstance(problem.at, Mark):
            check_mark(problem, problem.at)
    assert render(problems_of(directory)) == text


def problems_of(directory: Path) -> tuple[Diagnostic, ...]:
    try:
        return load_in_every_environment([directory / "service.yaml"]).diagnostics
    except SpecError as error:
        assert any(d.severity is Severity.error for d in error.diagnostics)
        return error.diagnostics


def check_mark(problem: Diagnostic, mark: Mark) -> None:
    """Whether the place is one of the file, and the text is that of its line, without what may be a secret."""
    text = Path(mark.file).read_bytes().decode("utf-8-sig", "replace")
    lines = LINE_BREAK.split(text)
    assert 1 <= mark.line <= len(lines), problem
    line = lines[mark.line - 1]
    cut = MAY_HOLD_A_SECRET.search(text) and line.startswith(mark.text)
    assert mark.text == line or cut or problem.slug in NOT_SHOWN, problem
    assert 1 <= mark.column <= len(line) + 1, problem
    assert mark.width >= 1, problem


def mutated(texts: list[str]) -> st.SearchStrategy[str]:
    """A good document after a few cuts, repetitions and insertions."""

    @st.composite
    def draw_one(draw: st.DrawFn) -> str:
        text = draw(st.sampled_from(texts))
        for _ in range(draw(st.integers(1, 5))):
            start = draw(st.integers(0, len(text)))
            end = min(len(text), start + draw(st.integers(0, 12)))
            text = text[:start] + draw(st.sampled_from([*WORDS, "", text[start:end] * 2])) + text[end:]
        return text

    return draw_one()


def lines_moved(texts: list[str]) -> st.SearchStrategy[str]:
    """A good document after some of its lines were lost, doubled, indented or put elsewhere."""

    @st.composite
    def draw_one(draw: st.DrawFn) -> str:
        lines = draw(st.sampled_from(texts)).split("\n")
        for _ in range(draw(st.integers(1, 4))):
            line = lines.pop(draw(st.integers(0, len(lines) - 1)))
            new = draw(st.sampled_from([[], [line, line], [f"  {line}"], [line[2:]], [f"#{line}"], [f"\t{line}"]]))
            place = draw(st.integers(0, len(lines)))
            lines[place:place] = [*new, ""] if not lines else new
        return "\n".join(lines)

    return draw_one()


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(text=mutated(SERVICES) | lines_moved(SERVICES))
def test_a_mutated_document_is_loaded_or_explained(text: str, directory: Path) -> None:
    (directory / "infractl.yaml").write_text(PROJECT)
    check(directory, text.encode())


@pytest.mark.slow
@settings(max_examples=250, deadline=None)
@given(data=st.binary(max_size=60) | st.text(max_size=60).map(lambda t: t.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_loaded_or_explained(data: bytes, directory: Path) -> None:
    (directory / "infractl.yaml").write_text(PROJECT)
    check(directory, data)
    check(directory, b"apiVersion: infractl.dev/v1\nkind: InferenceService\nspec: " + data)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5) | st.sampled_from(["p50", "uri", "env", "use"]), inner, max_size=3)
    ),
    max_leaves=6,
)
Place = tuple[str | int, ...]


def places(value: Any, path: Place = ()) -> Iterator[Place]:
    """The path of everything inside a value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        yield (*path, key)
        yield from places(inner, (*path, key))


def at(value: Any, path: Place) -> Any:
    for key in path:
        value = value[key]
    return value


def restructured(values: list[Any]) -> st.SearchStrategy[str]:
    """A good document in which some keys were removed, renamed or moved, or have another value; written by another tool."""

    @st.composite
    def draw_one(draw: st.DrawFn) -> str:
        document = deepcopy(draw(st.sampled_from(values)))
        for _ in range(draw(st.integers(1, 4))):
            found = list(places(document))
            if not found:
                break
            *above, key = draw(st.sampled_from(found))
            holder = at(document, tuple(above))
            change = draw(st.sampled_from(["remove", "rename", "move", "replace", "replace", "wrap"]))
            if change == "replace":
                holder[key] = draw(VALUES)
            elif change == "wrap":
                holder[key] = draw(st.sampled_from([[holder[key]], {"value": holder[key]}, str(holder[key])]))
            else:
                value = holder.pop(key)
                mappings = [p for p in [(), *places(document)] if isinstance(at(document, p), dict)]
                home = at(document, draw(st.sampled_from(mappings)) if change == "move" else tuple(above))
                name = key if change == "move" else draw(st.text(max_size=9) | st.sampled_from([f"{key}s", str(key).upper()]))
                if change != "remove" and isinstance(home, dict):
                    home[str(name)] = value
        flow = draw(st.booleans())
        return yaml.safe_dump(
            document, allow_unicode=True, default_flow_style=flow, sort_keys=False, width=draw(st.sampled_from([40, 9999]))
        )

    return draw_one()


@pytest.mark.slow
@settings(max_examples=700, deadline=None)
@given(text=restructured([d.value for text in SERVICES for d in parse(text.encode(), "").documents]))
def test_a_restructured_document_is_loaded_or_explained(text: str, directory: Path) -> None:
    (directory / "infractl.yaml").write_text(PROJECT)
    check(directory, text.encode("utf-8", "surrogatepass"))


@pytest.mark.slow
@settings(max_examples=250, deadline=None)
@given(
    data=(mutated([PROJECT]) | lines_moved([PROJECT]) | restructured([yaml.safe_load(PROJECT)])).map(
        lambda t: t.encode("utf-8", "surrogatepass")
    )
    | st.binary(max_size=40)
)
def test_any_project_file_is_loaded_or_explained(data: bytes, directory: Path) -> None:
    (directory / "service.yaml").write_text(SERVICES[-1])
    check(directory, data, "infractl.yaml")


@pytest.mark.slow
@settings(max_examples=250, deadline=None)
@given(
    data=(mutated(ENVIRONMENTS) | lines_moved(ENVIRONMENTS) | restructured([yaml.safe_load(t) for t in ENVIRONMENTS])).map(
        lambda t: t.encode("utf-8", "surrogatepass")
    )
    | st.binary(max_size=40),
    service=st.sampled_from([t for t in SERVICES if "${" in t or "name: card-fraud" in t]),
)
def test_any_environment_is_loaded_or_explained(data: bytes, service: str, directory: Path) -> None:
    (directory / "infractl.yaml").write_text(PROJECT)
    (directory / "service.yaml").write_text(service)
    check(directory, data, "environments/staging.yaml")


# PyYAML writes YAML 1.1, in which `0E0` is a text that needs no quotes; every other text is the same in both.
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])).filter(
    lambda t: t[:1] not in "+-.0123456789" or not t
)
KEY = st.text(st.characters(codec="ascii", exclude_categories=["Cc"])).filter(lambda t: t != "<<")
PLAIN = st.recursive(
    st.booleans() | st.integers(-(10**9), 10**9) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEY, inner | st.none(), max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(value=PLAIN, flow=st.booleans())
def test_what_another_yaml_writer_writes_is_read_back(value: object, flow: bool) -> None:
    text = yaml.safe_dump(value, allow_unicode=True, default_flow_style=flow)

    parsed = parse(text.encode(), "x.yaml")

    assert [p.slug for p in parsed.problems] == []
    assert [(d.value, d.problems) for d in parsed.documents] == [(value, ())]
