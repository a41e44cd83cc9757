"""The students that a search may try, for inputs of a shape: in an order that spreads the first few over small and large."""

from __future__ import annotations

from collections.abc import Sequence

from infractl.optimizer.student.shape import Shape, Sort, usual_shape

_FIRST = (16, 8, 32, 12, 24, 48, 64)
_DENSE = ((64,), (128, 64), (256,), (32,), (256, 64), (128,), (64, 32), (256, 128), (512,), (512, 128))


def shapes(item: Sequence[int | None]) -> tuple[Shape, ...]:
    """Of a table's row one or two hidden layers. Of images as many halvings as usual, one more or less, and by widths that double
    from stage to stage or stay nearer to the first; strides of three see a large image with fewer.
    """
    if len(item) == 1:
        return tuple(Shape(sort=Sort.mlp, widths=widths) for widths in _DENSE)
    stages = len(usual_shape(item).widths)
    made: list[Shape] = []
    for first in _FIRST:
        doubling = _widths(first, stages, 2)
        made.append(Shape(sort=Sort.conv, widths=doubling))
        made.append(Shape(sort=Sort.conv, widths=_widths(first, stages, 1.5)))
        made.append(Shape(sort=Sort.conv, widths=doubling[: max(1, stages - 1)]))
        made.append(Shape(sort=Sort.conv, widths=doubling[: max(1, stages - 1)], stride=3))
    return tuple(dict.fromkeys(made))


def _widths(first: int, stages: int, growth: float) -> tuple[int, ...]:
    """Whole multiples of four, which fill a vector."""
    return tuple(max(4, round(first * growth**stage / 4) * 4) for stage in range(stages))
