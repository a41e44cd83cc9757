"""A secret's value, which cannot be printed by accident, and is taken out of whatever else repeats it.

What a plugin says may hold a secret that it was given: in an error, in a line of a server's log, in a property that is read
back. Each value that this process has resolved is known by its spellings, and hidden wherever it is told or written down.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

HIDDEN = "***"

SHORTEST = 8
"""A shorter value would hide parts of ordinary words: it is hidden where it stands as a secret, and not by value."""

_known: set[str] = set()


class Secret:
    """Holds a secret; `str`, `repr` and formatting show `***`. Call `reveal` where it is sent, and nowhere else."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value
        _known.update(spelling for spelling in _spellings(value) if len(spelling) >= SHORTEST)

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"

    def __str__(self) -> str:
        return HIDDEN


def conceal(text: str) -> str:
    """The text without any secret that this process knows, as it is or quoted for JSON or a URL, or in base64."""
    for spelling in sorted(_known, key=len, reverse=True):
        text = text.replace(spelling, HIDDEN)
    return text


def concealed(value: Any) -> Any:
    """A property's value, with every text in it concealed."""
    match value:
        case str():
            return conceal(value) if _known else value
        case Mapping():
            return {concealed(name): concealed(item) for name, item in value.items()} if _known else value
        case list() | tuple():
            return [concealed(item) for item in value] if _known else value
        case _:
            return value


def _spellings(value: str) -> Iterator[str]:
    # A file of keys has one a line: each is a secret of its own.
    for part in {value, value.strip(), *value.splitlines()}:
        yield from (part, json.dumps(part)[1:-1], json.dumps(part, ensure_ascii=False)[1:-1])
        yield from (repr(part)[1:-1], quote(part), quote(part, safe=""), base64.b64encode(part.encode()).decode())
