"""The sections that a document may hold, at whatever depth, and whether anything acts on them yet."""

from __future__ import annotations

from collections.abc import Callable

from infractl.spec.schema.field import Field, fields_of, sections_in


def sections_of(root: type) -> dict[type, bool]:
    """Every section of a document, in the order of its keys, each with whether some way to it is acted on."""
    acted_on = _within(root, lambda field: field.acted_on)
    return {section: section in acted_on for section in _within(root, lambda field: True)}


def _within(root: type, passable: Callable[[Field], bool]) -> list[type]:
    found: list[type] = []
    waiting = [root]
    while waiting:
        section = waiting.pop(0)
        if section not in found:
            found.append(section)
            waiting = [s for f in fields_of(section) if passable(f) for s in sections_in(f.shape)] + waiting
    return found
