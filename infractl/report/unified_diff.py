"""What would change in a text, line by line, as `diff -u` prints it and `patch` reads it."""

from __future__ import annotations


def unified_diff(file: str, before: str, after: str) -> str:
    """Empty where nothing changes. Lines end in LF; a CR before it is a part of the line."""
    import difflib

    lines = difflib.unified_diff(_lines(before), _lines(after), f"a/{file}", f"b/{file}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(text: str) -> list[str]:
    *whole, rest = text.split("\n")
    return [f"{line}\n" for line in whole] + ([rest] if rest else [])
