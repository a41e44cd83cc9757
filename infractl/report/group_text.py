"""What is said of many services in the same words is said once: groups of them, and lists of names that stay short."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from infractl.domain.plan import AttributeChange
from infractl.domain.value import outputs_in

T = TypeVar("T")

DIFFERS = "\N{HORIZONTAL ELLIPSIS}"
"""Stands in what is said of a group for a value that each service has its own of, and that is known anew after apply."""

SERVICE = "<service>"
"""Stands for each service's name in what is said of a group."""

_NAMED = 5
"""Names of a group that are shown; of a list that is one longer, all."""

_FEWEST = 3
"""Services that are worth a group: two are read as easily one by one."""


def grouped(items: Iterable[T], key: Callable[[T], Hashable]) -> list[tuple[T, ...]]:
    """What has an equal key together, where its first stands; what is alike with too few others is alone, where it stands."""
    keyed = [(key(item), item) for item in items]
    counts = Counter(each for each, _ in keyed)
    groups: dict[Hashable, list[T]] = {}
    for position, (each, item) in enumerate(keyed):
        groups.setdefault(each if counts[each] >= _FEWEST else position, []).append(item)
    return [tuple(group) for group in groups.values()]


def names_text(names: Sequence[str], most: int = _NAMED) -> str:
    """`a, b, c, d, e (and 4,995 more)`."""
    if len(names) <= most + 1:
        return ", ".join(names)
    return f"{', '.join(names[:most])} (and {len(names) - most:,} more)"


def without_own_values(attributes: Iterable[AttributeChange]) -> tuple[AttributeChange, ...]:
    """Without what came from another resource before and comes from it anew: an id or a path that differs in every service."""
    return tuple(replace(a, before=DIFFERS) if not a.added and outputs_in(a.after) else a for a in attributes)


def without_name(text: str, name: str) -> str:
    """The text with `SERVICE` where it has a service's name: equal for two services that differ in nothing else."""
    if name not in text:
        return text
    return re.sub(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", SERVICE, text)
