"""The canonical layout of a YAML text, checked: it says what the text said before, and laying it out again changes nothing."""

from __future__ import annotations

import re

import yaml

from infractl.spec.yaml.layout.piece import UnsafeLayout
from infractl.spec.yaml.layout.write import write
from infractl.spec.yaml.parse import parse


def formatted(text: str) -> str:
    """The text in canonical layout. Raises UnsafeLayout where that cannot be done without a risk to what it says.

    That is so for every text that `parse` finds a problem in: what it passes over cannot be compared.
    """
    if text.startswith("\ufeff"):
        # Whoever decoded the text should have taken it away; libyaml does so without counting it.
        raise UnsafeLayout("it begins with a byte order mark")
    values = _values(text)
    try:
        first = write(re.sub("\r\n?", "\n", text))
        if first.text == text:
            return text
        if _values(first.text) != values:
            raise UnsafeLayout("a value would change")
        again = write(first.text)
    except yaml.YAMLError as error:
        raise UnsafeLayout(f"it cannot be split into words ({type(error).__name__})") from None
    if again.says != first.says:
        raise UnsafeLayout("a comment, a quote or an anchor would change")
    if again.text != first.text:
        raise UnsafeLayout("formatting the result once more would change it")
    return first.text


def _values(text: str) -> list[str]:
    """Every document's value with the order of its keys, as a text: so that 1, 1.0 and true differ, and .nan equals itself."""
    parsed = parse(text.encode(), "")
    for problem in (*parsed.problems, *(problem for document in parsed.documents for problem in document.problems)):
        raise UnsafeLayout(f"it or the result cannot be read without a problem ({problem.slug})")
    return [repr(document.value) for document in parsed.documents]
