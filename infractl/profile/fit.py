"""Numbers at the points of a grid to polynomials in the dimensions: exactly, as there are as many powers as points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from infractl.domain.polynomial import Polynomial, Term
from infractl.profile.sample import Grid

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROUNDING = 1e-12
"""Of the largest value: what the solution of the equations may leave where a coefficient is 0, or a whole number."""
_DENOMINATOR = 2**20
"""Strides divide by powers of two: a coefficient that is nearly a multiple of this part is one."""


def fit(grid: Grid, values: NDArray[np.float64]) -> list[Polynomial]:
    """A polynomial for each column of `values`, which has a row for each of the grid's points."""
    import numpy as np

    # In terms of each axis' first size, so that the equations are well-conditioned at any size.
    scales = [float(axis.sizes[0]) for axis in grid.axes]
    places = np.array([[point[a.name] / s for a, s in zip(grid.axes, scales, strict=True)] for point in grid.points])
    powers = np.array(grid.powers, np.float64).reshape(len(grid.powers), len(grid.axes))
    matrix = np.prod(places[:, None, :] ** powers[None, :, :], axis=2)
    solved = np.linalg.solve(matrix, values)
    units = np.prod(np.array(scales) ** powers, axis=1)[:, None]
    tolerance = ROUNDING * np.abs(values).max(axis=0, initial=0.0)[None, :]
    solved[np.abs(solved) <= tolerance] = 0.0
    coefficients = solved / units
    for exact in (np.round(coefficients * _DENOMINATOR) / _DENOMINATOR, np.round(coefficients)):
        coefficients = np.where(np.abs(exact * units - solved) <= tolerance, exact, coefficients)
    terms = [_term(grid, each) for each in grid.powers]
    return [_polynomial(terms, column) for column in coefficients.T.tolist()]


def _term(grid: Grid, powers: Sequence[int]) -> Term:
    return tuple(sorted(a.name for a, power in zip(grid.axes, powers, strict=True) for _ in range(power)))


def _polynomial(terms: Sequence[Term], coefficients: Sequence[float]) -> Polynomial:
    return Polynomial({term: value for term, value in zip(terms, coefficients, strict=True) if value})
