"""Files whose characters or values are odd: encodings, line breaks, hidden characters, tags, and numbers that are none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from infractl.errors import Diagnostic, Mark, SpecError
from infractl.report.diagnostic import render
from infractl.spec.load import load_project
from infractl.spec.schema.field import fields_of, shape_at
from infractl.spec.schema.shape import ListOf, MapOf, Number, OneOf, Quantity, SectionOf, Shape
from infractl.spec.service import InferenceService

HEAD = (
    "apiVersion: infractl.dev/v1\nkind: InferenceService\nmetadata: {name: x}\nspec:\n  model: {uri: model.onnx, version: v1}\n"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "model.onnx").write_text("a model")
    return tmp_path / "x.yaml"


def problems_of(file: Path) -> tuple[Diagnostic, ...]:
    with pytest.raises(SpecError) as raised:
        load_project([file])
    return raised.value.diagnostics


def numbers(section: type, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The keys that lead to each field that takes a number or a quantity; `-` stands for a list's item, `x` for a free key."""
    for field in fields_of(section):
        yield from numbers_in(field.shape, (*path, field.key))


def numbers_in(shape: Shape, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    match shape:
        case Number() | Quantity():
            yield path
        case SectionOf(section=section):
            yield from numbers(section, path)
        case ListOf(item=inner):
            yield from numbers_in(inner, (*path, "-"))
        case MapOf(value=inner):
            yield from numbers_in(inner, (*path, "x"))
        case OneOf(choices=choices):
            for choice in choices:
                yield from numbers_in(choice, path)


NUMBERS = sorted(set(numbers(InferenceService)))
NONE = [".nan", ".NaN", ".inf", "-.inf", "1e999", "-1e999", "9" * 101, "9" * 5000, "nan", "inf", "-1", "1_000", "0x", "1,5"]


@pytest.mark.parametrize("value", NONE, ids=lambda v: v[:10])
def test_no_field_takes_what_is_no_number_or_has_no_end(value: str, file: Path) -> None:
    assert len(NUMBERS) > 50
    assert [".".join(path) for path in NUMBERS if takes(path, value, file)] == []


@pytest.mark.parametrize("value", [str(2**63), "9" * 100])
def test_no_whole_number_is_too_big_for_64_bits(value: str, file: Path) -> None:
    whole = [path for path in NUMBERS if isinstance(shape := shape_at(InferenceService, path), Number) and shape.whole]

    assert len(whole) > 10
    assert [".".join(path) for path in whole if takes(path, value, file)] == []


def takes(path: tuple[str, ...], value: str, file: Path) -> bool:
    """Whether a document that holds nothing else is told nothing about the value's line."""
    lines = [f"{'  ' * depth}{'-' if key == '-' else key + ':'}" for depth, key in enumerate(path)]
    file.write_text("apiVersion: infractl.dev/v1\nkind: InferenceService\n" + "\n".join(lines) + f" {value}\n")
    return 2 + len(lines) not in {d.at.line for d in problems_of(file) if isinstance(d.at, Mark)}


@pytest.mark.parametrize(("written", "warmup"), [("010", 10), ("0o10", 8), ("0x10", 16), ("+10", 10), ("0", 0), ("-0", 0)])
def test_an_octal_number_is_one_only_where_yaml_1_2_says_so(written: str, warmup: int, file: Path) -> None:
    file.write_text(f"{HEAD}  serving: {{warmup: {written}}}\n")

    assert load_project([file]).services[0].service.spec.serving.warmup == warmup


@pytest.mark.parametrize(
    ("written", "warmup"), [("3.0", 3), ("1e2", 100), ("5.", 5), ("-0.0", 0), ("25e-1", None), ("2.5", None)]
)
def test_a_number_without_a_fraction_is_whole_however_it_is_written(written: str, warmup: int | None, file: Path) -> None:
    file.write_text(f"{HEAD}  serving: {{warmup: {written}}}\n")

    if warmup is None:
        assert [(d.slug, d.detail) for d in problems_of(file)] == [("wrong-type", "warmup is a number, not a whole number")]
    else:
        found = load_project([file]).services[0].service.spec.serving.warmup
        assert (type(found), found) == (int, warmup)


@pytest.mark.parametrize(("written", "slug"), [("1e300", "out-of-range"), ("-1e300", "out-of-range"), (".inf", "wrong-type")])
def test_a_number_that_is_far_too_big_is_told_in_few_words(written: str, slug: str, file: Path) -> None:
    file.write_text(f"{HEAD}  serving: {{warmup: {written}}}\n")

    (problem,) = problems_of(file)

    assert problem.slug == slug and len(problem.detail) < 100


@pytest.mark.parametrize("written", ["1_000", "0b10", "1:30", "٣", "１", "1e1000", "0x", "--1", "1,000", "0o8", "true", "'3'"])
def test_what_other_readers_take_for_a_whole_number_is_none(written: str, file: Path) -> None:
    file.write_text(f"{HEAD}  serving:\n    warmup: {written}\n")

    (problem,) = problems_of(file)

    assert str(problem.at).endswith("x.yaml:7:13")


TAGS = [
    "!!python/object/apply:os.system ['true']",
    "!!python/name:os.system",
    "!!binary aGVsbG8=",
    "!!timestamp 2024-01-31",
    "!!int '3'",
    "!!str 3",
    "!!set {a, b}",
    "!local x",
    "!<tag:example,2024:x> y",
    "! x",
]


@pytest.mark.parametrize("value", TAGS)
def test_a_tag_does_nothing_and_is_told(value: str, file: Path) -> None:
    file.write_text(f"{HEAD}  targets: {value}\n")

    told = {d.slug: str(d.at).rpartition("/")[2] for d in problems_of(file)}

    assert told["yaml-tag"] == "x.yaml:6:12"


ENCODINGS: dict[str, tuple[bytes, str]] = {
    "latin-1": (HEAD.replace("name: x", "name: \xe9").encode("latin-1"), "not-utf8"),
    "utf-16 with a byte order mark": (HEAD.encode("utf-16"), "not-text"),
    "utf-16 without one": (HEAD.encode("utf-16-le"), "not-text"),
    "utf-32": (HEAD.encode("utf-32"), "not-text"),
    "utf-16 of characters without zeros": ("模型".encode("utf-16"), "not-utf8"),
    "a surrogate": (HEAD.encode() + b"# \xed\xa0\x80\n", "not-utf8"),
    "an overlong NUL": (HEAD.encode() + b"# \xc0\x80\n", "not-utf8"),
    "a NUL": (HEAD.encode() + b"# \0\n", "not-text"),
    "an escape": (HEAD.encode() + b"# \x1b[2J\n", "control-character"),
    "a delete": (HEAD.encode() + b"# \x7f\n", "control-character"),
    "a form feed": (HEAD.encode() + b"\f\n", "control-character"),
    "a byte order mark in the middle": (HEAD.encode() + b"\xef\xbb\xbf  slo: 1\n", "control-character"),
    "two byte order marks": (b"\xef\xbb\xbf\xef\xbb\xbf" + HEAD.encode(), "control-character"),
    "a setting behind a comment's line separator": ((HEAD + "  # x\u2028  serving: {warmup: 9}\n").encode(), "control-character"),
    "a paragraph separator in quotes": ((HEAD + "  slo: '\u2029'\n").encode(), "control-character"),
    "a next line": ((HEAD + "# x\x85").encode(), "control-character"),
    "a tab as indentation": (HEAD.encode() + b"\tslo: {}\n", "yaml-tab"),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_is_no_text_of_yaml_is_told(encoding: str, file: Path) -> None:
    data, slug = ENCODINGS[encoding]
    file.write_bytes(data)

    problems = problems_of(file)

    assert [d.slug for d in problems] == [slug]
    assert render(problems).replace("\n", "").isprintable()


@pytest.mark.parametrize("line_break", ["\r\n", "\r", "\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_breaks_and_a_byte_order_mark_change_nothing(line_break: str, mark: str, file: Path) -> None:
    file.write_bytes((mark + HEAD + "  slo: 1\n").replace("\n", line_break).encode())

    (problem,) = problems_of(file)

    assert problem.slug == "wrong-type"
    assert isinstance(problem.at, Mark)
    assert (problem.at.line, problem.at.column, problem.at.text) == (6, 8, "  slo: 1")


@pytest.mark.parametrize("character", ["\u202e", "\u2066", "\u200b", "\u200f", "\U000e0041", "\xad"])
def test_what_hides_or_turns_writing_around_is_shown(character: str, file: Path) -> None:
    file.write_text(HEAD.replace("name: x", f"name: fr{character}aud"))

    problems = problems_of(file)
    text = render(problems, color=True)

    assert [d.slug for d in problems] == ["bad-name"]
    assert character not in text
    assert "�" in text
