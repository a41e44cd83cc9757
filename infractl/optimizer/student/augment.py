"""More rows from few, where the user permits it: they are answered by the given model, so they need no labels, only likeness.

Images are shifted by up to a tenth, turned by up to 15 degrees, scaled by up to a tenth, and half of them mixed with another
(mixup: Zhang et al., "mixup: Beyond Empirical Risk Minimization", 2018). Of a table's rows some cells are those of another row
(swap noise), and half are mixed as well.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from infractl.tensors import Tensor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]

_TURN_DEGREES = 15.0
_SHIFT = _SCALE = 0.1
_SWAPPED = 0.15
_CHUNK = 1024


class Augment(StrEnum):
    none = "none"
    image = "image"
    table = "table"


def augmented(rows: Tensor, count: int, how: Augment, seed: int) -> Tensor:
    """`count` rows [count, ...], the given ones first. Images are [rows, channels, height, width]; the type stays."""
    import numpy as np

    missing = count - len(rows)
    if how is Augment.none or missing <= 0:
        return rows
    random = np.random.default_rng(seed)
    chosen = random.integers(0, len(rows), missing)
    made = np.empty((missing, *rows.shape[1:]), rows.dtype)
    for start in range(0, missing, _CHUNK):
        part = slice(start, start + _CHUNK)
        some: Floats = rows[chosen[part]].astype(np.float32)
        others: Floats = rows[random.integers(0, len(rows), len(some))].astype(np.float32)
        if how is Augment.image:
            some, others = _moved(some, random), _moved(others, random)
        else:
            some = np.where(random.random(some.shape) < _SWAPPED, others, some)
        mixed = _mixed(some, others, random)
        made[part] = np.rint(mixed) if rows.dtype.kind in "iu" else mixed
    return np.concatenate([rows, made])


def _mixed(some: Floats, others: Floats, random: np.random.Generator) -> Floats:
    """Every second row is a mean of both, weighted by chance."""
    import numpy as np

    weight = random.uniform(0.5, 1, len(some)).astype(np.float32)
    weight[::2] = 1
    weight = weight.reshape(-1, *[1] * (some.ndim - 1))
    mixed: Floats = weight * some + (1 - weight) * others
    return mixed


def _moved(images: Floats, random: np.random.Generator) -> Floats:
    """Each by a map of its own, between the four nearest pixels; what comes in is the edge's colour."""
    import numpy as np

    count, _, height, width = images.shape
    turn = np.deg2rad(random.uniform(-_TURN_DEGREES, _TURN_DEGREES, count))
    scale = random.uniform(1 - _SCALE, 1 + _SCALE, count)
    across, along = np.cos(turn) / scale, np.sin(turn) / scale
    down, right = random.uniform(-_SHIFT, _SHIFT, (2, count)) * np.array([[height], [width]])
    y, x = np.mgrid[:height, :width].astype(np.float32)
    y, x = y - (height - 1) / 2, x - (width - 1) / 2

    def each(values: Floats) -> Floats:
        return values.astype(np.float32)[:, None, None]

    rows = each(across) * y - each(along) * x + (height - 1) / 2 + each(down)
    columns = each(along) * y + each(across) * x + (width - 1) / 2 + each(right)
    return _between(images, np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1))


def _between(images: Floats, rows: Floats, columns: Floats) -> Floats:
    """The images' values at fractional places [images, height, width], bilinear."""
    import numpy as np

    count, _, height, width = images.shape
    top, left = rows.astype(np.int64), columns.astype(np.int64)
    below, beside = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    down, right = (rows - top)[:, None], (columns - left)[:, None]
    which = np.arange(count)[:, None, None]
    last = np.moveaxis(images, 1, -1)

    def at(row: Tensor, column: Tensor) -> Floats:
        return np.moveaxis(last[which, row, column], -1, 1)

    upper = at(top, left) * (1 - right) + at(top, beside) * right
    lower = at(below, left) * (1 - right) + at(below, beside) * right
    found: Floats = upper * (1 - down) + lower * down
    return found
