"""How problems are printed: what, where with the source line, and what to do. Plain strings: no error waits for a library."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from infractl.errors import Diagnostic, Mark, Severity

_COLUMNS = 100
"""The most of a source line that is shown."""

_BEFORE = 40
"""What of a long line is shown before the mark."""

_LONGEST_LINE = 1000
"""The most of a source line that JSON repeats with each of its problems: a file may be one line of megabytes."""

_TAB = "    "
_BOLD, _BLUE, _RESET = "\x1b[1m", "\x1b[34m", "\x1b[0m"
_COLORS = {Severity.error: "\x1b[1;31m", Severity.warning: "\x1b[1;33m", Severity.note: "\x1b[1;36m"}
_LINE_BREAK = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


def render(diagnostics: Iterable[Diagnostic], color: bool = False) -> str:
    """The problems in the given order, with an empty line between two."""
    return "\n".join("\n".join(_Printer(d, color).lines()) + "\n" for d in diagnostics)


def as_json(diagnostics: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """The same as plain JSON: `at` is an object for a place in a file, a text for an address or path, or null."""
    return [
        {
            "slug": d.slug,
            "severity": d.severity.value,
            "summary": d.summary,
            "detail": d.detail,
            "at": _place(d.at) if isinstance(d.at, Mark) else d.at,
            "remedy": d.remedy,
        }
        for d in diagnostics
    ]


def _place(mark: Mark) -> dict[str, str | int]:
    text = mark.text[:_LONGEST_LINE]
    return {"file": mark.file, "line": mark.line, "column": mark.column, "width": mark.width, "text": text}


class _Printer:
    """Lays out one problem. The gutter is as wide as the line's number, and two at least."""

    def __init__(self, diagnostic: Diagnostic, color: bool) -> None:
        self.diagnostic = diagnostic
        self.color = color
        number = str(diagnostic.at.line) if isinstance(diagnostic.at, Mark) else ""
        self.number = number.rjust(2)
        self.gutter = " " * len(self.number)

    def lines(self) -> Iterator[str]:
        d, accent = self.diagnostic, _COLORS[self.diagnostic.severity]
        yield self.paint(f"{d.severity}[{d.slug}]", accent) + self.paint(f": {visible(d.summary)}", _BOLD)
        if d.at:
            yield f"{self.paint(self.gutter + '-->', _BLUE)} {visible(str(d.at))}"
        if isinstance(d.at, Mark) and d.at.text:
            yield from self.snippet(d.at, accent)
        else:
            for line in split_lines(d.detail):
                yield f"{self.bar()} {line}"
        for line in split_lines(d.remedy):
            yield f"{self.gutter} {self.paint('=', _BLUE)} {line}"

    def snippet(self, mark: Mark, accent: str) -> Iterator[str]:
        source, indent, carets = cut(mark)
        yield self.bar()
        yield f"{self.bar(self.number)} {source}".rstrip()
        first, *rest = split_lines(self.diagnostic.detail) or [""]
        yield f"{self.bar()} {indent}{self.paint(f'{carets} {first}'.rstrip(), accent)}"
        for line in rest:
            yield f"{self.bar()} {indent}{' ' * len(carets)} {self.paint(line, accent)}"

    def bar(self, number: str = "") -> str:
        return self.paint(f"{number or self.gutter} |", _BLUE)

    def paint(self, text: str, code: str) -> str:
        return f"{code}{text}{_RESET}" if self.color else text


def cut(mark: Mark) -> tuple[str, str, str]:
    """The source line, cut around the mark if it is long; the indent of the carets; the carets, one for each column marked."""
    start = mark.column - 1
    end, most = start + mark.width, 2 * _COLUMNS  # enough of a line that may have millions of characters
    before, marked = visible(mark.text[max(0, start - most) : start]), visible(mark.text[start : min(end, start + most)])
    after = visible(mark.text[end : end + most])
    room = _COLUMNS - _width(before) - _width(marked)
    if _width(after) > room and _width(before) > _BEFORE:
        before = "…" + _last(before, _BEFORE - 1)
        room = _COLUMNS - _width(before) - _width(marked)
    if room < 0:
        marked, after = _first(marked, _COLUMNS - _width(before) - 1) + "…", ""
    elif _width(after) > room:
        after = _first(after, room - 1) + "…"
    return before + marked + after, " " * _width(before), "^" * max(1, _width(marked))


def visible(text: str) -> str:
    """The text with tabs as spaces and a replacement for whatever would move the cursor, hide, or turn the writing around."""
    return "".join(_visible(c) for c in text)


def _visible(character: str) -> str:
    if character == "\t":
        return _TAB
    return "�" if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") else character


def split_lines(text: str) -> list[str]:
    """The lines of a text, each fit to be shown."""
    return [visible(line) for line in _LINE_BREAK.split(text)] if text else []


def _width(text: str) -> int:
    """The columns that a text takes in a terminal."""
    return sum(_columns(c) for c in text)


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _first(text: str, columns: int) -> str:
    """As much of the start as fits."""
    kept = ""
    for character in text:
        columns -= _columns(character)
        if columns < 0:
            break
        kept += character
    return kept


def _last(text: str, columns: int) -> str:
    """As much of the end as fits."""
    return _first(text[::-1], columns)[::-1]
