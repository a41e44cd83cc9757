"""README's picture of a terminal: what it is drawn from, and that it carries nothing of the machine that drew it."""

from __future__ import annotations

import getpass
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "images" / "demo.svg"
SVG = "{http://www.w3.org/2000/svg}"


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("terminal_picture", ROOT / "docs" / "terminal_picture.py")
    assert spec and spec.loader
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


picture = script()


def lines_of(svg: str) -> list[str]:
    """The text line by line, as a reader of the picture sees it."""
    (matrix,) = ElementTree.fromstring(svg).iterfind(f".//{SVG}g[@class='demo-matrix']")
    lines: dict[float, str] = {}
    for text in matrix:
        place = float(text.attrib["y"])
        lines[place] = lines.get(place, "") + "".join(text.itertext())
    return [lines[place].replace("\N{NO-BREAK SPACE}", " ").rstrip() for place in sorted(lines)]


DEMO = """\
── Make it so ────

$ infractl apply
    + create
Plan: 3 to create.
a: creating...
\x1b[32ma: created\x1b[0m after 0.1s
digits.infer = here
"""


def test_a_part_runs_from_its_first_line_to_its_last_and_keeps_its_colours() -> None:
    part = picture.Part(title="Make it so", begin=".*: creating", end=".*: created")

    assert part.lines(DEMO.splitlines()) == ["a: creating...", "\x1b[32ma: created\x1b[0m after 0.1s"]


@pytest.mark.parametrize(
    ("title", "begin", "end"),
    [("Gone", "a", "a"), ("Make it so", "z", "a"), ("Make it so", "a", "z")],
    ids=["title", "begin", "end"],
)
def test_what_the_demo_does_not_print_any_more_is_an_error_and_no_smaller_picture(title: str, begin: str, end: str) -> None:
    with pytest.raises(picture.NotPrintedError, match="matches"):
        picture.Part(title=title, begin=begin, end=end).lines(DEMO.splitlines())


def test_a_command_is_seen_as_in_a_terminal(tmp_path: Path) -> None:
    tell = "import sys; print(sys.stdout.isatty(), sys.stderr.isatty()); print('\\x1b[31mred\\x1b[0m'); sys.exit(3)"

    assert picture.seen([sys.executable, "-c", tell], folder=tmp_path, expect=3) == ["True True", "\x1b[31mred\x1b[0m"]


def test_a_command_that_fails_is_not_drawn(tmp_path: Path) -> None:
    with pytest.raises(picture.NotPrintedError, match="exited with 3"):
        picture.seen([sys.executable, "-c", "raise SystemExit(3)"], folder=tmp_path)


def test_what_is_drawn_reads_as_it_was_printed_and_loads_nothing() -> None:
    svg = picture.drawn("$ a <command> & more\n\x1b[1;31merror\x1b[0m: no\n\x1b[2mdim\x1b[0m")

    assert lines_of(svg) == ["$ a <command> & more", "error: no", "dim"]
    assert len(set(re.findall(r"fill: (#\w+)", svg))) == 3
    assert set(re.findall(r"https?://[^\"'\s<)]+", svg)) == {"http://www.w3.org/2000/svg"}
    assert "@import" not in svg and "@font-face" not in svg and "url(http" not in svg


def test_the_two_slips_are_what_validate_finds_in_the_example() -> None:
    shown = [picture.ESCAPES.sub("", line) for line in picture.slips()]

    assert shown[0] == "$ infractl validate"
    assert len([line for line in shown if line.startswith("error[")]) == len(picture.SLIPS)


def test_the_committed_picture_tells_the_whole_story() -> None:
    lines = lines_of(PICTURE.read_text())

    commands = [line.split()[2] for line in lines if line.startswith("$ infractl ")]
    assert commands == ["validate", "plan", "apply", "apply", "status"]
    assert any(re.match(r"  0 failed; \d+ answers are version 1's own, \d+ are version 2's own\.", line) for line in lines)


def test_the_committed_picture_shows_nothing_of_the_machine_that_drew_it() -> None:
    text = "\n".join(lines_of(PICTURE.read_text()))

    assert not re.search(r"/(home|Users|root|work|tmp|var)/", text)
    assert getpass.getuser() not in re.findall(r"\w+", text)
    assert set(re.findall(r"\w+://([^/:\s]+)", text)) <= {"127.0.0.1"}


def test_readme_shows_the_picture() -> None:
    assert "](docs/images/demo.svg)" in (ROOT / "README.md").read_text()
