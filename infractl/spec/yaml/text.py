"""From a file's bytes to the text that is read as YAML: UTF-8 without control characters. What a YAML parser does is not here."""

from __future__ import annotations

import re

from infractl.errors import Mark, SpecError

MOST_BYTES = 10_000_000
"""A file that is larger was not written by hand, and is not read."""

LINE_BREAK = re.compile("\r\n|[\n\r]")
"""Where a line ends, for YAML 1.2 and for people's editors; marks must count as they do."""

# YAML 1.2, c-printable, turned around: one class of what is allowed would be a table of all of Unicode, built at every start.
_CONTROL = re.compile("[\0-\x08\v\f\x0e-\x1f\x7f-\x9f]")
_NOT_AS_THEY_ARE = "\u2028\u2029\ufeff\ufffe\uffff"
"""No characters, and what YAML 1.1 ends a line at: a comment would end where no editor shows it. The same holds for U+0085.

A byte order mark is one at the start; elsewhere nobody sees it, and parsers disagree on whether it is there.
"""


def decode(data: bytes, file: str) -> str:
    """The text of a YAML file, without a byte order mark. Raises SpecError where it is too big, binary or not UTF-8."""
    if len(data) > MOST_BYTES:
        raise SpecError.of(
            "file-too-big",
            summary="this file is too big to be read as YAML",
            detail=f"at most {MOST_BYTES // 10**6} MB are read",
            at=Mark(file=file, line=1, column=1),
            remedy="name the YAML file; a model is named inside it, by model.uri",
        )
    if b"\0" in data:
        raise SpecError.of(
            "not-text",
            summary="this file is not text",
            detail=f"byte {data.index(0) + 1} of {file} is 0",
            at=_mark(data[: data.index(0)].decode("utf-8-sig", "replace"), "", file, shown=False),
            remedy="name a YAML file in UTF-8; a model is named inside it, by model.uri",
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _not_utf8(error.object, error.start, file) from None
    return _printable(text, file)


def _printable(text: str, file: str) -> str:
    if (place := forbidden(text)) is not None:
        raise SpecError.of(
            "control-character",
            summary="the file holds a character that may not stand in it as it is",
            detail=f"this is U+{ord(text[place]):04X}",
            at=_mark(text[:place], text[place:], file),
            remedy="delete the character; inside double quotes \\x1b, \\u2028 and the like may stand for it",
        )
    return text


def forbidden(text: str) -> int | None:
    """Where the first character stands that is not read. Text that was UTF-8 has no surrogates; none are looked for."""
    control = _CONTROL.search(text)
    places = [control.start() if control else -1, *(text.find(c) for c in _NOT_AS_THEY_ARE)]
    return min((place for place in places if place >= 0), default=None)


def _not_utf8(data: bytes, start: int, file: str) -> SpecError:
    before, after = (part.decode("utf-8", "replace") for part in (data[:start], data[start:]))
    return SpecError.of(
        "not-utf8",
        summary="this file is not encoded in UTF-8",
        detail=f"the byte 0x{data[start]:02X} is no UTF-8 here",
        at=_mark(before, after, file),
        remedy="save the file as UTF-8",
    )


def _mark(before: str, after: str, file: str, *, shown: bool = True) -> Mark:
    lines = LINE_BREAK.split(before)
    rest = LINE_BREAK.split(after, maxsplit=1)[0]
    return Mark(file=file, line=len(lines), column=len(lines[-1]) + 1, text=lines[-1] + rest if shown else "")
