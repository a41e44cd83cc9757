"""Words for remedies: the known word closest to a mistyped one, a name that may be used, a value in a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

_MOST_KNOWN, _MOST_LISTED = 1000, 40
"""Words that a mistyped one is compared with, and words that are listed where none is like it."""


_SHORTENED = 3
"""Letters of a word by which it is known where no other begins with them: `prod`."""

_PASSWORD = re.compile(r"(://[^\s/@:]*):[^\s/]*@")


def closest(word: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """The known word most like `word`, whatever its case, by difflib's ratio; else the only one that begins with it.

    None where none is at least so like it.
    """
    from difflib import get_close_matches

    by_plain, plain = {_plain(k): k for k in islice(known, _MOST_KNOWN)}, _plain(word)
    matches = get_close_matches(plain, by_plain, n=1, cutoff=likeness)
    if not matches and len(plain) >= _SHORTENED:
        longer = [k for k in by_plain if k.startswith(plain)]
        matches = longer if len(longer) == 1 else []
    return by_plain[matches[0]] if matches else None


def did_you_mean(word: str, known: Sequence[str], otherwise: str) -> str:
    """A remedy: the closest word as a question, else what to do, with the words that are known."""
    if match := closest(word, known):
        return f"did you mean {match}?"
    return f"{otherwise}: {', '.join(known[:_MOST_LISTED])}{', …' * (len(known) > _MOST_LISTED)}" if known else otherwise


def as_name(text: str, default: str) -> str:
    """The text as a name of a project or service, as far as its characters allow: accents go, `ß` becomes `ss`."""
    import unicodedata

    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    letters = re.sub("[^a-z0-9-]+", "-", plain).lstrip("-0123456789")
    return letters[:40].rstrip("-") or default


def written(value: object) -> str:
    """A value for a sentence: itself where it is short and plain, else what sort it is. A uri's password is left out."""
    match value:
        case str() if value:
            text = _PASSWORD.sub(r"\1:…@", value)
        case None:
            text = "nothing"
        case int() | float() if not isinstance(value, bool):
            text = str(value)
        case _:
            text = sort(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def sort(value: object) -> str:
    """What a value is, in words."""
    match value:
        case None:
            return "empty"
        case bool():
            return str(value).lower()
        case int() | float():
            return "a number"
        case str():
            return "a text" if value else "an empty text"
        case Mapping():
            return "a mapping"
        case _:
            return "a list"


def _plain(word: str) -> str:
    return word.lower().replace("_", "").replace("-", "")[:60]
