"""The named dimensions of a model's inputs, and the sizes that all its axes have when these have theirs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from infractl.tensors import TensorSpec

_EXPRESSION = re.compile(r"\s*[^\s+*]+(\s*[+*]\s*[^\s+*]+)+\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimensions:
    """`names` are the independent ones, in the inputs' order; `leading` those of them that count items: the first input's first
    axis, and what is nothing but a first axis.

    `derived` are those whose name says how they come from others, as exporters write `past_length + length`. `tied` follow
    another one, as the model takes them only of the same size.
    """

    names: tuple[str, ...]
    leading: frozenset[str]
    positions: Mapping[str, frozenset[int]]
    derived: tuple[str, ...] = ()
    tied: Mapping[str, str] = field(default_factory=dict)

    @property
    def free(self) -> tuple[str, ...]:
        """Those whose size can be chosen."""
        return tuple(name for name in self.names if name not in self.tied)

    def tie(self, names: Sequence[str]) -> Dimensions:
        """All but the first follow the first."""
        return replace(self, tied={**self.tied, **dict.fromkeys(names[1:], names[0])})

    def sizes(self, chosen: Mapping[str, int]) -> dict[str, int]:
        """Of every dimension, where the free ones have the chosen sizes."""
        found = dict(chosen)
        found |= {name: chosen[leader] for name, leader in self.tied.items()}
        return found | {name: _value(name, found) for name in self.derived}


def dimensions_of(inputs: Iterable[TensorSpec]) -> Dimensions:
    positions: dict[str, set[int]] = {}
    tensors = tuple(inputs)
    for tensor in tensors:
        for position, axis in enumerate(tensor.shape):
            if isinstance(axis, str):
                positions.setdefault(axis, set()).add(position)
    derived = tuple(name for name in positions if _derives(name, positions))
    names = tuple(name for name in positions if name not in derived)
    first = tensors[0].shape[:1] if tensors else ()
    return Dimensions(
        names=names,
        leading=frozenset(name for name in names if positions[name] == {0} or name in first),
        positions={name: frozenset(positions[name]) for name in names},
        derived=derived,
    )


def _derives(name: str, known: Mapping[str, object]) -> bool:
    """Whether the name is a sum of products of numbers and of plain names that are dimensions themselves."""
    if not _EXPRESSION.fullmatch(name):
        return False
    parts = [part for term in _terms(name) for part in term]
    plain = [part for part in parts if not part.isdecimal()]
    return bool(plain) and all(part in known and not _EXPRESSION.fullmatch(part) for part in plain)


def _terms(name: str) -> list[list[str]]:
    return [[part.strip() for part in term.split("*")] for term in name.split("+")]


def _value(name: str, sizes: Mapping[str, int]) -> int:
    total = 0
    for term in _terms(name):
        product = 1
        for part in term:
            product *= int(part) if part.isdecimal() else sizes[part]
        total += product
    return total
