"""A count as a function of named dimensions: `3·batch + 2·batch·sequence²`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Term = tuple[str, ...]
"""The dimensions multiplied, sorted, repeated for a power; empty for the constant."""


@dataclass(frozen=True, slots=True)
class Polynomial:
    """A sum of terms with their coefficients."""

    terms: Mapping[Term, float] = field(default_factory=dict)

    @classmethod
    def product(cls, *factors: int | float | str) -> Polynomial:
        """Of sizes and dimension names: `product(2, "batch", 64)` is 128·batch."""
        coefficient = 1.0
        names: list[str] = []
        for factor in factors:
            if isinstance(factor, str):
                names.append(factor)
            else:
                coefficient *= factor
        return cls({tuple(sorted(names)): coefficient})

    def __add__(self, other: Polynomial) -> Polynomial:
        terms = dict(self.terms)
        for term, coefficient in other.terms.items():
            terms[term] = terms.get(term, 0.0) + coefficient
        return Polynomial(terms)

    def at(self, dimensions: Mapping[str, float]) -> float:
        """The count where each dimension has the given size. Raises KeyError for a dimension that is not given."""
        total = 0.0
        for term, coefficient in self.terms.items():
            value = coefficient
            for name in term:
                value *= dimensions[name]
            total += value
        return total
