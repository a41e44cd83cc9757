"""Bytes to text: exactly the characters that are not read are found, and the first of them is told."""

from __future__ import annotations

import re

import pytest

from infractl.errors import Mark, SpecError
from infractl.spec.yaml.text import decode, forbidden

PRINTABLE = re.compile("[\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""YAML 1.2, production 1: c-printable, as the specification writes it."""

LINES_OF_OTHERS = "\x85\u2028\u2029"
"""YAML 1.1, production 22: it ends a line at these as well; 1.2 and editors do not."""

MARK = "\ufeff"
"""A byte order mark, which is one only at the start."""

SURROGATES = range(0xD800, 0xE000)
CHARACTERS = [chr(code) for code in (*range(0x11000), 0x1F600, 0x10FFFE, 0x10FFFF) if code not in SURROGATES]


def test_exactly_the_characters_that_yaml_does_not_print_or_that_its_versions_read_differently_are_forbidden() -> None:
    wanted = [c for c in CHARACTERS if not PRINTABLE.match(c) or c in LINES_OF_OTHERS + MARK]

    assert [c for c in CHARACTERS if forbidden(c) is not None] == wanted


@pytest.mark.parametrize("text", ["", "name: fraud\n", "a: ü\xa0\t\r\n", "a: 😀"])
def test_what_is_allowed_has_no_place(text: str) -> None:
    assert forbidden(text) is None


@pytest.mark.parametrize(
    ("text", "place"), [("a\x1b\uffff", 1), ("ab\uffff\x1b", 2), ("abc\ufffe\uffff", 3), ("\x9f", 0), ("a\u2029\u2028", 1)]
)
def test_the_first_of_several_is_found(text: str, place: int) -> None:
    assert forbidden(text) == place


@pytest.mark.parametrize(("data", "column"), [(b"\xef\xbb\xbfab\0", 3), (b"\xef\xbb\xbfab\xff", 3), (b"\xef\xbb\xbfab\x01", 3)])
def test_a_byte_order_mark_is_no_column(data: bytes, column: int) -> None:
    with pytest.raises(SpecError) as raised:
        decode(data, "x.yaml")

    assert str(raised.value.diagnostics[0].at) == f"x.yaml:1:{column}"


def test_of_two_byte_order_marks_the_second_is_told() -> None:
    with pytest.raises(SpecError) as raised:
        decode("\ufeff\ufeffa: 1\n".encode(), "x.yaml")

    (problem,) = raised.value.diagnostics
    assert (problem.slug, problem.detail, str(problem.at)) == ("control-character", "this is U+FEFF", "x.yaml:1:1")


def test_a_character_beyond_the_controls_is_marked_where_it_stands() -> None:
    with pytest.raises(SpecError) as raised:
        decode("a: 1\nb: x\ufffey\n".encode(), "x.yaml")

    (problem,) = raised.value.diagnostics
    assert problem.slug == "control-character" and problem.detail == "this is U+FFFE"
    assert problem.at == Mark(file="x.yaml", line=2, column=5, text="b: x\ufffey")
