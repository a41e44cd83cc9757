"""Least squares from sums of products: rows are added batch by batch and forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from infractl.tensors import Tensor

Matrix: TypeAlias = "NDArray[np.float64]"


class Sums:
    """Of X [rows, inputs] and Y [rows, outputs]."""

    def __init__(self, inputs: int, outputs: int) -> None:
        import numpy as np

        self.count = 0
        self._x, self._y = np.zeros(inputs), np.zeros(outputs)
        self._xx, self._xy = np.zeros((inputs, inputs)), np.zeros((inputs, outputs))
        self._yy = 0.0

    def add(self, x: Tensor, y: Tensor) -> None:
        """Products are taken in 32 bits, as the model computes, and added up in 64."""
        import numpy as np

        x32, y32 = x.astype(np.float32), y.astype(np.float32)
        self.count += len(x32)
        self._x += x32.sum(axis=0, dtype=np.float64)
        self._y += y32.sum(axis=0, dtype=np.float64)
        self._xx += x32.T @ x32
        self._xy += x32.T @ y32
        self._yy += float(np.square(y32, dtype=np.float64).sum())

    def solve(self, start: Matrix, damping: float, *, shifted: bool) -> tuple[Matrix, Matrix]:
        """W [inputs, outputs] and b [outputs] with the least ||X W + b - Y||^2 + l ||W - start||^2.

        l is `damping` times the mean of the diagonal of X'X. Where there is a b to fit (`shifted`), X is taken less its means.
        """
        import numpy as np

        xx, xy = self._centred() if shifted else (self._xx, self._xy)
        ridge = damping * float(np.trace(xx)) / len(xx)
        if ridge <= 0:
            weights = start
        else:
            damped = xx + ridge * np.eye(len(xx))
            weights = start + np.linalg.solve(damped, xy - xx @ start)
        bias = (self._y - self._x @ weights) / self.count if shifted else np.zeros(len(self._y))
        return weights, bias

    def error(self, weights: Matrix, bias: Matrix) -> float:
        """||X W + b - Y||^2 as a share of the variance of Y."""
        import numpy as np

        spread = self._yy - float(self._y @ self._y) / self.count
        square = (
            float(np.einsum("io,ij,jo->", weights, self._xx, weights, optimize=True))
            + self._yy
            + self.count * float(bias @ bias)
            - 2 * float(np.einsum("io,io->", weights, self._xy))
            + 2 * float((self._x @ weights) @ bias)
            - 2 * float(bias @ self._y)
        )
        return max(square, 0.0) / spread if spread > 0 else 0.0

    def _centred(self) -> tuple[Matrix, Matrix]:
        import numpy as np

        return (
            self._xx - np.outer(self._x, self._x) / self.count,
            self._xy - np.outer(self._x, self._y) / self.count,
        )
