"""What was meant by a text: characters that a word processor put there, and names of values as other tools refer to them."""

from __future__ import annotations

import re

_SPACES = "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u202f\u205f\u3000\ufeff"
_QUOTES = "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb"
_OTHERS = {"\uff1a": ":", "\u2013": "-", "\u2014": "-", "\u2212": "-", "\uff0c": ","}

_LONGEST = 1000
"""Of a text that is looked through; no value that is right is longer."""

_REFERENCES = (
    r"\$\{?\{?\s*(?:[A-Za-z_]\w*\.)*([A-Za-z][A-Za-z0-9_-]{0,39})\s*\}?\}?",
    r"\{\{-?\s*\.?(?:[A-Za-z_]\w*\.)*([A-Za-z][A-Za-z0-9_-]{0,39})\s*-?\}\}",
    r"\$\(\s*([A-Za-z][A-Za-z0-9_-]{0,39})\s*\)",
)
"""`$p99`, `${var.p99}` and `${{ vars.p99 }}`; `{{ .Values.p99 }}`; `$(p99)`."""


def unusual_character(text: str) -> str | None:
    """A remedy for a character that looks like one that YAML knows, and is none."""
    import unicodedata

    for character in text[:_LONGEST]:
        plain = "space" if character in _SPACES else "quote" if character in _QUOTES else _OTHERS.get(character)
        if plain:
            name = unicodedata.name(character, "character").lower()
            return f"write a plain {plain} instead of the {name} (U+{ord(character):04X})"
    return None


def meant_reference(text: str) -> str | None:
    """`${p99}` for what other tools write instead; None for what refers to nothing."""
    if len(text) > _LONGEST:
        return None
    found = next(filter(None, (re.fullmatch(pattern, text.strip()) for pattern in _REFERENCES)), None)
    return f"${{{found[1]}}}" if found else None
