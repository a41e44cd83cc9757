"""What one operator has to do, in numbers: what a profile gives, calibration times and placement looks up."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from infractl.domain.figure import Figure
from infractl.tensors import Dtype


class Family(StrEnum):
    """Operators whose time follows the same law."""

    product = "product"
    """Matrix products: MatMul, Gemm, the two of attention."""
    convolution = "convolution"
    """Convolutions whose groups have several channels, pointwise ones included."""
    depthwise = "depthwise"
    """Convolutions with one channel a group."""
    recurrent = "recurrent"
    """LSTM, GRU, RNN: products in a sequence of steps."""
    tree = "tree"
    """Ensembles of decision trees."""
    elementwise = "elementwise"
    """An operation or two for each element: add, multiply, compare, ReLU."""
    transcendental = "transcendental"
    """Exponentials and what is made of them, element by element: sigmoid, tanh, erf, softmax, GELU."""
    reduction = "reduction"
    """Sums, means, maxima along axes; normalization and pooling."""
    movement = "movement"
    """Elements are copied to other places: transpose, concatenate, slice, gather, pad, resize, cast, change of layout."""
    view = "view"
    """Nothing is computed and nothing moves: reshape, identity, shape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """`count` independent matrix products of `rows` x `depth` by `depth` x `columns`.

    Of a convolution: a count for each group, output positions of the whole batch as rows, kernel times input channels as depth.
    """

    count: float
    rows: float
    depth: float
    columns: float

    @property
    def flops(self) -> float:
        return 2 * self.count * self.rows * self.depth * self.columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One execution of an operator.

    `flops`: operations, where an addition, multiplication, division, comparison, square root or exponential is one.
    `weight_bytes` are read from the model's file, `activation_bytes` are read and written besides.
    `steps` follow one another and cannot be joined (a recurrent operator's positions); `product` is that of one step.
    `trees` and `depth` describe an ensemble of decision trees: how many, and the mean number of comparisons in one.
    """

    family: Family
    operator: str
    dtype: Dtype
    flops: float
    weight_bytes: float
    activation_bytes: float
    product: Product | None = None
    steps: float = 1.0
    trees: float = 0.0
    depth: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedWork:
    """Work that was timed by itself on `threads` threads, weights in the nearest cache; `seconds` are without the call's own."""

    work: Work
    threads: int
    seconds: Figure
