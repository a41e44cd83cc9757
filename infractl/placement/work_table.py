"""Many works as columns of numbers, one row each: of the operators of a model at several batches, all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infractl.domain.polynomial import Polynomial
from infractl.domain.profile import OperatorCost
from infractl.domain.work import Work

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class WorkTable:
    """Each column holds one of `Work`'s numbers for every row; `depth` is the product's and `tree_depth` the trees'."""

    flops: Array
    weight_bytes: Array
    activation_bytes: Array
    count: Array
    rows: Array
    depth: Array
    columns: Array
    steps: Array
    trees: Array
    tree_depth: Array

    @classmethod
    def of(cls, works: Sequence[Work]) -> WorkTable:
        import numpy as np

        lines = [
            (
                *(work.flops, work.weight_bytes, work.activation_bytes),
                *((p.count, p.rows, p.depth, p.columns) if (p := work.product) else (1.0, 1.0, 1.0, 1.0)),
                *(work.steps, work.trees, work.depth),
            )
            for work in works
        ]
        return cls(*np.array(lines, float).reshape(len(lines), _COLUMNS).T)


def at_batches(
    operators: Sequence[OperatorCost], batches: Sequence[int], batch: str | None, sizes: Mapping[str, float]
) -> WorkTable:
    """Every operator at every batch, operator by operator. `batch` names its dimension, `sizes` holds the others'."""
    import numpy as np

    columns = [[_in_batch(count, batch, sizes) for count in _counts(operator)] for operator in operators]
    degrees = 1 + max((power for line in columns for counted in line for power in counted), default=0)
    coefficients = np.zeros((len(columns), _COLUMNS, degrees))
    for row, line in enumerate(columns):
        for column, counted in enumerate(line):
            for power, coefficient in counted.items():
                coefficients[row, column, power] = coefficient
    powers = np.array(batches, float)[None, :] ** np.arange(degrees)[:, None]
    return WorkTable(*(coefficients @ powers).transpose(1, 0, 2).reshape(_COLUMNS, -1))


_COLUMNS = 10
_ONE = Polynomial({(): 1.0})


def _counts(operator: OperatorCost) -> tuple[Polynomial | float, ...]:
    product = operator.product
    dimensions = (product.count, product.rows, product.depth, product.columns) if product else (_ONE,) * 4
    done = (operator.flops, operator.weight_bytes, operator.activation_bytes)
    return (*done, *dimensions, operator.steps, operator.trees, operator.depth)


def _in_batch(count: Polynomial | float, batch: str | None, sizes: Mapping[str, float]) -> Mapping[int, float]:
    """The coefficients of the powers of the batch alone. Raises KeyError for a dimension that is not given."""
    if not isinstance(count, Polynomial):
        return {0: count}
    found: dict[int, float] = {}
    for term, coefficient in count.terms.items():
        power = 0
        for name in term:
            if name == batch:
                power += 1
            else:
                coefficient *= sizes[name]
        found[power] = found.get(power, 0.0) + coefficient
    return found
