"""What a benchmark found: figures with their goals, and the last line in which it tells them. How they are shown is in `page`."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from benchmarks.harness.machine import machine, versions

_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A measured value. `goal` is a comparison such as `<= 1.5`, or empty for a figure that only tells.

    `value` is None where it could not be measured here; `why` then says why.
    """

    name: str
    value: float | None
    unit: str
    goal: str = ""
    why: str = ""

    def __post_init__(self) -> None:
        if self.value is None and not self.why:
            raise ValueError(f"{self.name} has no value and does not say why")
        if self.goal and self.goal.split()[0] not in _COMPARISONS:
            raise ValueError(f"{self.name}'s goal is no comparison: {self.goal}")

    @property
    def holds(self) -> bool | None:
        """Whether the goal is met; None where there is no value or no goal."""
        if self.value is None or not self.goal:
            return None
        comparison, bound = self.goal.split()
        return _COMPARISONS[comparison](float(self.value), float(bound))


def last_line(figures: Iterable[Figure], distributions: Iterable[str] = ()) -> str:
    """The figures with the machine and the versions that they are of, as one line of JSON."""
    document = {
        "figures": {f.name: _told(f) for f in figures},
        "machine": machine(),
        "versions": versions(distributions),
    }
    return json.dumps(document)


def _told(figure: Figure) -> dict[str, object]:
    told: dict[str, object] = {
        "value": None if figure.value is None else float(f"{figure.value:.4g}"),
        "unit": figure.unit,
        "goal": figure.goal,
        "holds": figure.holds,
    }
    return told | ({"why": figure.why} if figure.why else {})
