"""A secret's value, which cannot be printed by accident, and is taken out of whatever else repeats it.

What a plugin says may hold a secret that it was given: in an error, in a line of a server's log, in a property that is read
back. Each value that this process has resolved is known by its spellings, and hidden wherever it is told or written down; but
not what is said openly besides: hiding a word of a name or of a plain property tells nobody less, and makes it another one.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from threading import Lock
from typing import Any
from urllib.parse import quote

HIDDEN = "***"

SHORTEST = 8
"""A shorter value would hide parts of ordinary words: it is hidden where it stands as a secret, and not by value."""

_known: set[str] = set()
_said: set[str] = set()
_learning = Lock()


class Secret:
    """Holds a secret; `str`, `repr` and formatting show `***`. Call `reveal` where it is sent, and nowhere else."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value
        with _learning:
            unheard = {spelling for spelling in _spellings(value) if len(spelling) >= SHORTEST} - _known
            _known.update(s for s in unheard if not any(s in text for text in _said))

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"

    def __str__(self) -> str:
        return HIDDEN


def say_openly(*values: object) -> None:
    """The texts in these are no secrets, nor is a part of one: what is declared in plain, and whose it is."""
    with _learning:
        fresh = {text for text in _texts(values) if len(text) >= SHORTEST} - _said
        _said.update(fresh)
        _known.difference_update([s for s in _known if any(s in text for text in fresh)])


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


def _texts(value: object) -> Iterator[str]:
    # What is met most comes first, and an abstract class last: every resource of every service is gone through.
    match value:
        case str():
            yield value
        case int() | float() | None:
            return
        case list() | tuple():
            for item in value:
                yield from _texts(item)
        case dict() | Mapping():
            yield from (text for name in value for text in _texts(name))
            yield from (text for item in value.values() for text in _texts(item))


def _spellings(value: str) -> Iterator[str]:
    # A file of keys has one a line: each is a secret of its own.
    for part in {value, value.strip(), *value.splitlines()}:
        yield from (part, json.dumps(part)[1:-1], json.dumps(part, ensure_ascii=False)[1:-1])
        yield from (repr(part)[1:-1], quote(part), quote(part, safe=""), base64.b64encode(part.encode()).decode())
