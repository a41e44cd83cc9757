"""The canonical layout of YAML: only white space changes, nothing that a document says, and once is enough."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from infractl.spec.yaml import parse as parse_module
from infractl.spec.yaml.layout.formatted import formatted
from infractl.spec.yaml.layout.piece import UnsafeLayout
from infractl.spec.yaml.parse import parse

CASES = Path(__file__).parents[1] / "cases" / "spec"
GOOD = sorted(CASES.glob("good/**/*.yaml"))


def values(text: str) -> list[str]:
    parsed = parse(text.encode(), "x.yaml")
    assert parsed.problems == ()
    assert [d.problems for d in parsed.documents if d.problems] == []
    return [repr(d.value) for d in parsed.documents]


def ink(text: str) -> str:
    """All that is not white space, comments included."""
    return re.sub(r"\s", "", text)


def check(text: str) -> str:
    """Format, and find that nothing but white space changed, no value, and that formatting again changes nothing."""
    after = formatted(text)
    assert ink(after) == ink(text)
    assert values(after) == values(text)
    assert formatted(after) == after
    return after


@pytest.mark.parametrize("file", GOOD, ids=lambda p: p.stem)
def test_a_good_document_keeps_its_values_and_comments(file: Path) -> None:
    text = file.read_text()

    after = check(text)

    assert check(text.replace("\n", "\r\n")) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a :  1\nb:    two words\n", "a: 1\nb: two words\n"),
        ("a: { b : 1,c: [ x ,y ] , d: {  } }\n", "a: {b: 1, c: [x, y], d: {}}\n"),
        ('{"a":1,"b":[1,2]}', '{"a": 1, "b": [1, 2]}\n'),
        ("a: {b: , c: }\n", "a: {b: , c: }\n"),
        ("a:\t1\t# c\n", "a: 1 # c\n"),
        ("    a:\n        b: 1\n", "a:\n  b: 1\n"),
        ("a:\n    - b\n    -   c: 1\n        d: 2\n", "a:\n  - b\n  - c: 1\n    d: 2\n"),
        ("a:\n- b\n-   - c\n    - d\ne: 1\n", "a:\n  - b\n  - - c\n    - d\ne: 1\n"),
        (
            "a:\n  b:\n  - x\n  c:\n  - y: 1\n    z:\n    - 2\nd: 1\n",
            "a:\n  b:\n    - x\n  c:\n    - y: 1\n      z:\n        - 2\nd: 1\n",
        ),
        ("- a\n-\n     b: 1\n", "- a\n-\n  b: 1\n"),
        ("a:\n      text on its own line\n", "a:\n  text on its own line\n"),
        ("a:   &x   {b: 1}\nc:  *x\n", "a: &x {b: 1}\nc: *x\n"),
        ("a: &x\n    b: 1\nc:\n-   &y z\n- *x\n", "a: &x\n  b: 1\nc:\n  - &y z\n  - *x\n"),
        ("?   a\n:   b\n", "? a\n: b\n"),
        (
            "a: off\nb: 2024-01-31\nc: 0o17\nd: +3\ne: ~\nf: 1.10\ng: no\n",
            "a: off\nb: 2024-01-31\nc: 0o17\nd: +3\ne: ~\nf: 1.10\ng: no\n",
        ),
        ("a: 'x'\nb: \"no\"\nc: ''\n", "a: 'x'\nb: \"no\"\nc: ''\n"),
    ],
)
def test_blanks_and_indentation_are_canonical(before: str, after: str) -> None:
    assert check(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("\n \n\n", ""),
        ("# alone", "# alone\n"),
        ("\n\na: 1", "a: 1\n"),
        ("a: 1   \n\n \n\n\nb: 2\t\n\n\n", "a: 1\n\nb: 2\n"),
        ("a: 1\rb: 2\r\nc: 3\n", "a: 1\nb: 2\nc: 3\n"),
        (
            "%YAML 1.2\n--- # one\na:  1\n...\n\n\n---\n{b: 2}\n--- text\n",
            "%YAML 1.2\n--- # one\na: 1\n...\n\n---\n{b: 2}\n--- text\n",
        ),
        ("a: 1\n---\n# nothing\n---\nb:  2\n...\n# end\n", "a: 1\n---\n# nothing\n---\nb: 2\n...\n# end\n"),
        ("--- 'a'\n---\n --- \n", "--- 'a'\n---\n  ---\n"),
    ],
)
def test_lines_and_documents_are_kept_without_needless_blank_ones(before: str, after: str) -> None:
    assert check(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a: [\n      x, y,\n    {b:  1}\n    ] # e\n", "a: [\n  x, y,\n  {b: 1}\n] # e\n"),
        ("a: [x,\n  y,\n  z]\n", "a: [x,\n    y,\n    z]\n"),
        ("a:\n    - k: [\n      1\n      ]\n", "a:\n  - k: [\n      1\n    ]\n"),
        ("a:\n    [\n    1,\n    {\n    b: 2\n    }\n    ]\n", "a:\n  [\n    1,\n    {\n      b: 2\n    }\n  ]\n"),
        ("a: [x, # one\n # two\n y\n # three\n]\n", "a: [x, # one\n    # two\n    y\n    # three\n   ]\n"),
        ("a: [" + "word, " * 100 + "end]\n", "a: [" + "word, " * 100 + "end]\n"),
    ],
)
def test_lists_in_brackets_keep_their_lines(before: str, after: str) -> None:
    assert check(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # A comment stays beside what it stands beside.
        ("a:\n    # b\n    b: 1\n    # end of a\n# c\nc: 2\n", "a:\n  # b\n  b: 1\n  # end of a\n# c\nc: 2\n"),
        ("a:\n- x\n# y\n- y\n# b\nb: 1\n", "a:\n  - x\n  # y\n  - y\n# b\nb: 1\n"),
        ("a:\n  - x\n   # of the list\nb: 1\n", "a:\n  - x\n  # of the list\nb: 1\n"),
        ("a:\n    b:\n        c: 1\n     # of b\nd: 2\n", "a:\n  b:\n    c: 1\n  # of b\nd: 2\n"),
        ("a:\n    b: 1\n# c\n    c: 2\n", "a:\n  b: 1\n  # c\n  c: 2\n"),
        ("a:\n    # all of it is left out\nb: 1\n", "a:\n  # all of it is left out\nb: 1\n"),
        ("a:\n# first\n- x\n", "a:\n  # first\n  - x\n"),
        ("a:\n    b: 1\n    # end", "a:\n  b: 1\n  # end\n"),
        ("a: 1\n# end", "a: 1\n# end\n"),
        # Comments that stand in one column still do.
        (
            "a:   1     # one\nbcd: 22    # two\n           # and more\ne: 3\n",
            "a: 1       # one\nbcd: 22    # two\n           # and more\ne: 3\n",
        ),
        ("a: 1 # one\n\nb: 2     # two\n", "a: 1 # one\n\nb: 2     # two\n"),
        ("a: {b: 1}# close\n", "a: {b: 1} # close\n"),
        ("a: '#no'   \nb: x#no\n#yes\n", "a: '#no'\nb: x#no\n#yes\n"),
    ],
)
def test_comments_stay_where_they_belong(before: str, after: str) -> None:
    assert check(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "a:\n    b: |\n        x\n          y  \n\n        # z\n\n\n\n    c: 1\n",
            "a:\n  b: |\n    x\n      y  \n\n    # z\n\n  c: 1\n",
        ),
        ("a:\n    b: |1-  # c\n       x\n", "a:\n  b: |1-  # c\n     x\n"),
        ("a:\n- |2\n    x\n   y\n", "a:\n  - |2\n      x\n     y\n"),
        ("a: >+\n   x\n\n\nb: |+\n   y\n\n\n", "a: >+\n  x\n\n\nb: |+\n  y\n\n\n"),
        ("a: |\n   x\n   \n     \n", "a: |\n  x\n\n    \n"),
        ("a: |-\n   x", "a: |-\n  x\n"),
        ("a: |\n   x", "a: |\n  x"),  # a line break at the end would be a part of the value
        ("a: |\n\n\nb: >-\n# c\n", "a: |\n\nb: >-\n# c\n"),
        ("--- |\n x\n# c\n", "--- |\n  x\n# c\n"),
        ('a: "x  \n\n     y\\\n      z\\ \n      w"\n', 'a: "x\n\n  y\\\n  z\\ \n  w"\n'),
        ("a: x\n      y   \n\n      - z # c\n", "a: x\n  y\n\n  - z # c\n"),
        ("a: [x\n  y, 'z\n  w']\n", "a: [x\n    y, 'z\n    w']\n"),
    ],
)
def test_texts_of_several_lines_keep_their_content(before: str, after: str) -> None:
    assert check(before) == after


@pytest.mark.parametrize("text", ["\ufeffa: 1\n", "&a: 1\n", "a:  {&b: 1, c: 2}\n", "- &a:\n- 1\n", "a:\n    &b: c\n"])
def test_what_cannot_be_formatted_safely_is_refused(text: str) -> None:
    values(text)

    with pytest.raises(UnsafeLayout):
        formatted(text)


def test_nothing_that_is_not_read_without_a_problem_is_returned() -> None:
    refused = ["a: 1\na:  2\n", "a: !x  1\n", "!x:  1\n", "<<:  1\n", "a:  *b\n", "a: &b  1\n*b:  2\n", "a: &b 1\nc: [*b:]\n"]
    for text in (*refused, "a: 1\n\ufeff\n", "a:\n    b: |\n        x\u2028        y\n"):
        with pytest.raises(UnsafeLayout):
            formatted(text)


# What a generated document is written like, and what it must become: built side by side.


@dataclass
class Draft:
    """Two texts with the same content, line by line.

    `commented`: the last line has a comment behind it. `bare`: it belongs to a sequence at its key's own column, so that a
    comment below it may as well belong to what encloses that.
    """

    given: list[str] = field(default_factory=list)
    wanted: list[str] = field(default_factory=list)
    commented: bool = False
    bare: bool = False

    def line(self, given: str, wanted: str, comment: str = "") -> None:
        self.given.append(given + comment)
        self.wanted.append(wanted + comment)
        self.commented, self.bare = bool(comment), False

    def blank(self, lines: int) -> None:
        self.given += [" " * (n % 3) for n in range(lines)]
        if lines and self.wanted:
            self.wanted.append("")


SCALARS = [
    "10ms",
    "off",
    "2024-01-31",
    "1.10",
    "~",
    "''",
    "'it''s # so'",
    '"\\" #\\t"',
    "a b",
    "s3://x:1/y",
    "日本",
    "-1",
    "x#y",
    "a: b"[:1],
]
KEYS = ["a", "spec", "'p 99'", '"q"', "4711", "é", "long-key_2", "true"]
BLANKS = st.text(" ", max_size=3)
BLOCK_TEXTS = [["x"], ["x", "", "  y "], ["# no comment", "- x", "k: v"], ["x", "---"]]
COMMENTS = ["# c", "#", "#x: [", "# - 日本", "#### '"]


@st.composite
def flows(draw: st.DrawFn, depth: int = 2) -> tuple[str, str]:
    """A value in one line, and its canonical form."""
    sort = draw(st.sampled_from(["scalar", "list", "mapping"] if depth else ["scalar"]))
    if sort == "scalar":
        word = draw(st.sampled_from(SCALARS))
        return word, word
    items = []
    for _ in range(draw(st.integers(0, 3))):
        given, wanted = draw(flows(depth - 1))
        if sort == "mapping":
            key = draw(st.sampled_from(KEYS)) + str(len(items)) * (len(items) > 0)
            key = key if key[0] not in "'\"" else f"k{len(items)}"
            given, wanted = f"{key}{draw(BLANKS)}: {draw(BLANKS)}{given}", f"{key}: {wanted}"
        items.append((f"{draw(BLANKS)}{given}{draw(BLANKS)}", wanted))
    opening, closing = "[]" if sort == "list" else "{}"
    return opening + ",".join(g for g, _ in items) + closing, opening + ", ".join(w for _, w in items) + closing


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    draft = Draft()
    for number in range(draw(st.integers(1, 3))):
        if number:
            draft.line("---", "---")
        indent = draw(st.integers(0, 2))
        block(draw, draft, 3, " " * indent, "", " " * indent, "", sequence=draw(st.booleans()), bare=False)
    draft.given.extend([""] * draw(st.integers(0, 3)))
    return draft


def block(
    draw: st.DrawFn,
    draft: Draft,
    depth: int,
    given: str,
    wanted: str,
    first: str,
    first_wanted: str,
    *,
    sequence: bool,
    bare: bool,
) -> None:
    """A block whose lines begin with `given`, and with `wanted` in the result; its first line with `first`."""
    keys = draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=3, unique=True))
    for number, key in enumerate(keys):
        if number or not first.strip():
            draft.blank(draw(st.integers(0, 2)) if number else 0)
            for comment in draw(st.lists(st.sampled_from(COMMENTS), max_size=2)):
                draft.line(given + comment + draw(BLANKS), wanted + comment)
        start, start_wanted = (given, wanted) if number else (first, first_wanted)
        if sequence:
            space = draw(st.integers(1, 4))
            item(draw, draft, depth, given, wanted, f"{start}-{' ' * space}", f"{start_wanted}- ", space)
        else:
            value(draw, draft, depth, given, wanted, f"{start}{key}{draw(BLANKS)}:", f"{start_wanted}{key}:")
    draft.bare = draft.bare or bare
    if depth < 3 and not draft.bare and not draft.commented and draw(st.booleans()):
        draft.line(given + "# the end", wanted + "# the end")


def item(draw: st.DrawFn, draft: Draft, depth: int, given: str, wanted: str, start: str, start_wanted: str, space: int) -> None:
    if depth and draw(st.booleans()):
        inside = given + " " * (1 + space)
        block(draw, draft, depth - 1, inside, wanted + "  ", start, start_wanted, sequence=False, bare=False)
    else:
        value(draw, draft, 0, given, wanted, start[: -space or None], start_wanted[:-1])


def value(draw: st.DrawFn, draft: Draft, depth: int, given: str, wanted: str, start: str, start_wanted: str) -> None:
    sort = draw(st.sampled_from(["flow", "text", "block"] if depth else ["flow", "text"]))
    comment = "" if draft.commented else draw(st.sampled_from(["", "", " # why", "    # 'x"]))
    step = draw(st.integers(1, 5))
    if sort == "flow":
        one, canonical = draw(flows())
        draft.line(f"{start} {draw(BLANKS)}{one}", f"{start_wanted} {canonical}", comment)
    elif sort == "text":
        style = draw(st.sampled_from(["|", ">", "|-", ">-"]))
        draft.line(f"{start} {draw(BLANKS)}{style}", f"{start_wanted} {style}", comment)
        for line in draw(st.sampled_from(BLOCK_TEXTS)):
            draft.line(f"{given}{' ' * step}{line}" if line else "", f"{wanted}  {line}" if line else "")
    else:
        draft.line(start, start_wanted, comment)
        sequence = draw(st.booleans())
        bare = sequence and draw(st.booleans())
        inside, canonical = given + " " * (0 if bare else step), wanted + "  "
        block(draw, draft, depth - 1, inside, canonical, inside, canonical, sequence=sequence, bare=bare)


@settings(max_examples=300)
@given(draft=drafts(), line_break=st.sampled_from(["\n", "\r\n"]))
def test_a_document_becomes_canonical_however_it_was_spaced(draft: Draft, line_break: str) -> None:
    given_text, wanted = line_break.join(draft.given), "\n".join(draft.wanted) + "\n"

    assert check(given_text + line_break) == wanted


TEXTS = [p.read_text() for p in GOOD]
TEXTS += [
    'a: |  # c\n  x\n   y\n\n\n# z\nb:\n- 1   # q\n-   k: "a\n    b"\n    l: {a: 1,b : [x ,y]}\n- |-2\n     t\n',
    "a: [\n      x, # one\n    # two\n    {b: 1, c: [\n y\n]}\n  ] # e\nlast: foo\n   bar # k\n",
    "l:\n   - &q [ 1,2 ,\n 3]\n   -\n     k :   v\n     'm'  : *q\n",
]
WORDS = [
    "'",
    '"',
    "#",
    " # c\n",
    "\n    # d\n",
    "---\n",
    "...\n",
    "|",
    ">",
    "|-\n",
    "|+\n",
    "|2\n",
    ">1+\n",
    "\\",
    " ",
    "\n",
    "\n\n",
    "\n  ",
]
WORDS += [
    "- ",
    "? ",
    ": ",
    ",",
    "[",
    "]",
    "{",
    "}",
    "&x ",
    "*x ",
    "é",
    "\t",
    "\r\n",
    "a: b\n",
    "\n- c",
    "key:\n",
    "%YAML 1.2\n---\n",
]


@st.composite
def mutated(draw: st.DrawFn, words: list[str]) -> str:
    """A part of a document after a few cuts, repetitions and insertions."""
    text = draw(st.sampled_from(TEXTS))
    first = draw(st.integers(0, len(text)))
    text = text[first : first + draw(st.integers(0, 200))]
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 8)))
        text = text[:start] + draw(st.sampled_from([*words, text[start:end] * 2])) + text[end:]
    return text


def well_formed(text: str) -> bool:
    parsed = parse(text.encode(), "x.yaml")
    return not parsed.problems and not any(d.problems for d in parsed.documents)


@settings(max_examples=500)
@given(text=mutated(WORDS))
def test_whatever_is_well_formed_is_formatted(text: str) -> None:
    if well_formed(text):
        check(text)


@settings(max_examples=300)
@given(text=mutated([*WORDS, "\x85", "\u2028", "\ufeff", "!x", "<<: "]) | st.text("-:?#[]{},|>&*'\" \n\t\rab", max_size=30))
def test_whatever_is_hostile_is_formatted_or_refused(text: str) -> None:
    try:
        after = formatted(text)
    except UnsafeLayout:
        return
    assert values(after) == values(text)
    assert ink(after) == ink(text)


def test_both_of_pyyaml_s_scanners_lead_to_the_same_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = [formatted(text) for text in TEXTS]
    monkeypatch.setattr(parse_module, "Loader", yaml.SafeLoader)

    assert [formatted(text) for text in TEXTS] == fast


BIG = {
    "list": "a: [" + "x, " * 30_000 + "]\n",
    "text": "a: 'x" + " \n x" * 30_000 + "'\n",
    "comments": "a:\n" + " # x\n\n" * 30_000,
    "column": "".join(f"k{n}: 1".ljust(300) + "# c\n" for n in range(5_000)),
}


@pytest.mark.parametrize("text", BIG.values(), ids=BIG)
def test_a_big_file_is_formatted(text: str) -> None:
    check(text)
