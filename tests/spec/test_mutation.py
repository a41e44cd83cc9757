"""Whatever a file holds, loading it gives a project or errors that point somewhere: never a traceback."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from infractl.errors import Mark, Severity, SpecError
from infractl.report.diagnostic import as_json, render
from infractl.spec.load import load_project
from infractl.spec.yaml.parse import parse

GOOD = Path(__file__).parents[1] / "cases" / "spec" / "good"
TEXTS = [p.read_text() for p in sorted(GOOD.glob("*.yaml"))]
WORDS = [
    "10ms",
    "-1",
    "0/s",
    ".nan",
    ".inf",
    "1e999",
    "''",
    "[]",
    "{}",
    "null",
    "true",
    "*a",
    "&a",
    "!x",
    "<<",
    "\t",
    "\n",
    ": ",
    "- ",
]
WORDS += [
    "'",
    '"',
    "#",
    "---\n",
    "%",
    "|",
    ">",
    "\\",
    "\u2028",
    "\x85",
    "é",
    "日本",
    "\U0001f600",
    "9" * 30,
    "spec:",
    "name: ",
    "s3://",
]


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "model.onnx").write_text("a model")
        yield Path(name)


def check(directory: Path, data: bytes, name: str = "service.yaml") -> None:
    """Load the file alone; every problem must have a place, and be printable."""
    file = directory / name
    file.write_bytes(data)
    try:
        problems = load_project([directory / "service.yaml"]).diagnostics
    except SpecError as error:
        problems = error.diagnostics
        assert any(d.severity is Severity.error for d in problems)
    assert all(isinstance(d.at, Mark) or d.at for d in problems)
    for mark in (d.at for d in problems if isinstance(d.at, Mark)):
        assert (mark.line >= 1, mark.column >= 1, mark.width >= 1) == (True, True, True)
        assert not mark.text or mark.text in data.decode("utf-8", "replace")
    assert render(problems, color=True) or not problems
    assert len(as_json(problems)) == len(problems)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A good document after a few cuts, repetitions and insertions."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        text = text[:start] + draw(st.sampled_from([*WORDS, "", text[start:end] * 2])) + text[end:]
    return text


@settings(max_examples=250, deadline=None)
@given(text=mutated())
def test_a_mutated_document_is_loaded_or_explained(text: str, directory: Path) -> None:
    check(directory, text.encode())


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=60) | st.text(max_size=60).map(lambda t: t.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_loaded_or_explained(data: bytes, directory: Path) -> None:
    check(directory, data)
    check(directory, b"apiVersion: infractl.dev/v1\nkind: InferenceService\nspec: " + data)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.sampled_from(["p50", "uri"]), inner, max_size=3)
    ),
    max_leaves=6,
)
PLACES = {
    "": ["apiVersion", "kind", "metadata", "spec"],
    "metadata": ["name", "labels", "labels.team"],
    "spec": ["model", "slo", "budget.monthly", "hardware.classes", "targets", "traffic.peak", "replan.tolerance", "extra"],
    "spec.model": ["uri", "version", "sha256"],
    "spec.slo": ["latency", "latency.p95", "throughput"],
    "spec.serving": ["batching", "batching.maxBatch", "maxConcurrency", "warmup"],
}
PATHS = [f"{section}.{key}".removeprefix(".") for section, keys in PLACES.items() for key in keys]


@settings(max_examples=150, deadline=None)
@given(changes=st.dictionaries(st.sampled_from(PATHS), VALUES, min_size=1, max_size=4))
def test_any_value_anywhere_is_loaded_or_explained(changes: dict[str, object], directory: Path) -> None:
    document = yaml.safe_load((GOOD / "every-field.yaml").read_text())
    for path, value in changes.items():
        *parents, key = path.split(".")
        section = document
        for parent in parents:
            section = section.get(parent) if isinstance(section, dict) else None
        if isinstance(section, dict):
            section[key] = value
    check(directory, yaml.safe_dump(document, allow_unicode=True).encode("utf-8", "replace"))


@settings(max_examples=100, deadline=None)
@given(data=mutated().map(str.encode) | st.binary(max_size=40))
def test_any_project_file_is_loaded_or_explained(data: bytes, directory: Path) -> None:
    (directory / "service.yaml").write_text(TEXTS[-1])
    try:
        check(directory, data, "infractl.yaml")
    finally:
        (directory / "infractl.yaml").unlink()


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
