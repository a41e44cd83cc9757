"""YAML to documents: values by the core schema, marks for values and keys, and no trust in what a file may hold."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import yaml

from infractl.errors import Mark
from infractl.spec.yaml import parse as parse_module
from infractl.spec.yaml.document import Document
from infractl.spec.yaml.parse import Parsed, parse
from infractl.spec.yaml.syntax import DEEPEST

CASES = Path(__file__).parents[1] / "cases" / "spec"


def document(text: str) -> Document:
    parsed = parse(text.encode(), "x.yaml")
    assert parsed.problems == ()
    (only,) = parsed.documents
    assert only.problems == ()
    return only


def place(document: Document, *path: str | int) -> tuple[str, str]:
    """What the marks of a key and of its value cover."""
    texts = []
    for mark in (document.key_mark(path), document.mark(path)):
        assert mark is not None
        texts.append(mark.text[mark.column - 1 : mark.column - 1 + mark.width])
    return texts[0], texts[1]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[(word, word) for word in ("yes", "no", "on", "off", "y", "N", "Yes", "tRUE", "nil", "none", "2024-01-31", "12:30:45")],
        *[(word, True) for word in ("true", "True", "TRUE")],
        *[(word, None) for word in ("null", "~", "Null", "")],
        *[("0o17", 15), ("017", 17), ("0x1F", 31), ("-3", -3), ("+3", 3), ("1_000", "1_000"), ("0b1", "0b1")],
        *[("1.10", 1.1), (".5", 0.5), ("1e3", 1000.0), ("5.", 5.0), ("-.inf", -math.inf), (".", "."), ("1e", "1e"), ("+", "+")],
        *[("'1'", "1"), ('"true"', "true"), ("'~'", "~"), ("9" * 5000, "9" * 5000)],
    ],
)
def test_a_scalar_means_what_yaml_1_2_says(text: str, value: object) -> None:
    assert document(f"key: {text}\n").value == {"key": value}


def test_not_a_number_is_one() -> None:
    assert math.isnan(document("key: .nan\n").value["key"])


def test_keys_are_kept_as_they_are_written() -> None:
    assert document("4711: a\n0x10: b\ntrue: c\n1.0: d\n? long\n: e\n").value == {
        "4711": "a",
        "0x10": "b",
        "true": "c",
        "1.0": "d",
        "long": "e",
    }


def test_every_key_and_value_has_its_mark() -> None:
    found = document("spec:\n  slo: {p95: 10ms, 'p 99': \"20ms\"} # limits\n  targets:\n  - local\n  - [a, b c]\n  empty:\n")

    assert place(found, "spec", "slo", "p95") == ("p95", "10ms")
    assert place(found, "spec", "slo", "p 99") == ("'p 99'", '"20ms"')
    assert place(found, "spec", "targets", 0) == ("local", "local")
    assert place(found, "spec", "targets", 1, 1) == ("b c", "b c")
    assert place(found, "spec", "empty") == ("empty", "empty")
    assert found.mark(("spec", "absent")) is None
    assert str(found.nearest_mark(("spec", "slo", "absent", "p95"))) == "x.yaml:2:3"


def test_a_value_of_several_lines_is_marked_on_its_first() -> None:
    found = document("a:\n  b: |\n    one\n    two\n  c: [1,\n    2]\n  d:\n    e: 1\n    f: 2\n")

    assert place(found, "a", "b") == ("b", "|")
    assert place(found, "a", "c") == ("c", "[1,")
    assert place(found, "a", "d") == ("d", "e")


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_editors_count_them(line_break: str) -> None:
    found = document(f"\ufeff模型: {{é: 日本}}{line_break}b:{line_break}  c: 3{line_break}")

    assert place(found, "模型", "é") == ("é", "日本")
    assert str(found.mark(("模型", "é"))) == "x.yaml:1:9"
    assert str(found.mark(("b", "c"))) == "x.yaml:3:6"


def test_empty_documents_between_separators_are_none() -> None:
    parsed = parse(b"---\n# nothing\n---\na: 1\n---\n...\n---\nb: 2\n", "x.yaml")

    assert [d.value for d in parsed.documents] == [{"a": 1}, {"b": 2}]


def test_documents_before_a_syntax_error_are_kept() -> None:
    parsed = parse(b"a: 1\n---\nb: 2\n---\nc: [\n", "x.yaml")

    assert [d.value for d in parsed.documents] == [{"a": 1}, {"b": 2}]
    assert [p.slug for p in parsed.problems] == ["yaml-syntax"]


def test_the_first_of_two_equal_keys_counts() -> None:
    (found,) = parse(b"a: 1\nb: 2\n'a': 3\n", "x.yaml").documents

    assert found.value == {"a": 1, "b": 2}
    assert [str(p.at) for p in found.problems] == ["x.yaml:3:1"]


def test_repeated_aliases_are_bounded_in_size_and_nesting_in_depth() -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))

    assert [p.slug for p in parse(bomb.encode(), "x.yaml").problems] == ["yaml-alias"]
    assert [p.slug for p in parse(b"[" * 1_000_000, "x.yaml").problems] == ["yaml-depth"]
    assert [p.slug for p in parse(b"- " * 1000 + b"a", "x.yaml").problems] == ["yaml-depth"]
    assert [p.slug for p in parse(b"{a: " * 1000, "x.yaml").problems] == ["yaml-depth"]


def nested(levels: int, within: str) -> str:
    return "[" * levels + within + "]" * levels


def height(value: object) -> int:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if items is None else 1 + max(map(height, items), default=0)


@pytest.mark.parametrize("anchored", ["&a [[x]]", "[&a [[x]]]", "&a [[x], &c []]", "&a [x, &c {b: *x}]"])
def test_what_an_alias_repeats_counts_as_nested_where_the_alias_stands(anchored: str) -> None:
    anchored = f"&x y\na: {anchored}"
    deepest = document(f"x: {anchored}\nb: {nested(61, '*a')}\n")
    assert height(deepest.value) == DEEPEST

    (problem,) = parse(f"x: {anchored}\nb: {nested(62, '*a')}\n".encode(), "x.yaml").documents[0].problems
    assert (problem.slug, str(problem.at)) == ("yaml-alias", "x.yaml:3:66")


def test_aliases_in_what_an_alias_repeats_are_counted_as_well() -> None:
    chain = "".join(f"a{i}: &a{i} {nested(20, f'*a{i - 1}' if i else 'x')}\n" for i in range(5))
    (found,) = parse(chain.encode(), "x.yaml").documents

    assert [str(p.at) for p in found.problems] == ["x.yaml:4:29"]
    assert height(found.value) <= DEEPEST
    assert [height(found.value[f"a{i}"]) for i in range(5)] == [20, 40, 60, 20, 40]


def test_an_anchor_that_is_given_again_is_another_one() -> None:
    again = document(f"a: &a {nested(60, 'x')}\nb: &a x\nc: {nested(63, '*a')}\n")

    assert height(again.value) == DEEPEST


@pytest.mark.parametrize("text", ["[", "a: [b,", "a: {b: c,", "a: 1\n- [b", "'a", "? [", "[\n"])
def test_what_is_open_at_the_end_of_a_file_has_a_place_in_it(text: str) -> None:
    (problem,) = parse(text.encode(), "x.yaml").problems
    assert isinstance(problem.at, Mark)

    lines = text.split("\n")
    assert problem.at.text == lines[problem.at.line - 1]
    assert problem.at.column <= len(problem.at.text) + 1


def test_a_long_text_cannot_be_repeated_by_thousands_of_aliases() -> None:
    few, many = (f"a: &a {'x' * 64_000}\nb: [{'*a, ' * count}]\n" for count in (5, 50))

    assert document(few).value["b"] == ["x" * 64_000] * 5
    assert [p.slug for p in parse(many.encode(), "x.yaml").problems] == ["yaml-alias"]


@pytest.mark.parametrize("character", ["\x85", "\u2028", "\u2029"])
def test_a_comment_ends_nowhere_but_at_the_end_of_the_line(character: str) -> None:
    (problem,) = parse(f"a: 1\n# b{character}  c: 2\n".encode(), "x.yaml").problems

    assert (problem.slug, str(problem.at)) == ("control-character", "x.yaml:2:4")
    assert document('a: "\\N\\L\\P"\nb: "\\x85\\u2028\\u2029"\n').value == {"a": "\x85\u2028\u2029", "b": "\x85\u2028\u2029"}


@pytest.mark.parametrize("data", [b"\x00", b"a: \xff", b"\xff\xfea\x00", b"a: \x1b[31m", b"\xed\xa0\x80", b"a: b\xef\xbf\xbe"])
def test_what_is_not_text_is_told_with_its_place(data: bytes) -> None:
    parsed = parse(b"first: 1\n" + data, "x.yaml")

    assert parsed.documents == ()
    (problem,) = parsed.problems
    assert problem.slug in ("not-text", "not-utf8", "control-character")
    assert str(problem.at).startswith("x.yaml:2:")


def said(parsed: Parsed) -> list[tuple[str, str, str]]:
    """Without the column, which differs by one where an escape is not known."""
    problems = [*parsed.problems, *(p for d in parsed.documents for p in d.problems)]
    return [(p.slug, str(p.at).rpartition(":")[0], p.detail) for p in problems]


BROKEN = sorted((CASES / "broken").glob("*/service.yaml"))


@pytest.mark.parametrize("file", BROKEN, ids=lambda p: p.parent.name)
def test_both_of_pyyaml_s_parsers_are_told_alike(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = parse(file.read_bytes(), "x.yaml")
    monkeypatch.setattr(parse_module, "Loader", yaml.SafeLoader)
    slow = parse(file.read_bytes(), "x.yaml")

    assert said(slow) == said(fast)
    assert [d.value for d in slow.documents] == [d.value for d in fast.documents]
