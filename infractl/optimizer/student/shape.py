"""Which student: its sort and its widths, as a setting writes them, and the layers that come of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from math import prod

_SMALL_MAP = 4
_MOST_STAGES = 5
_FIRST_WIDTH = 16
_WRITTEN = re.compile(r"(conv|mlp) (\d+(?:-\d+)*)(?: stride (\d+))?")
_MOST_WIDTH = 8192


class Sort(StrEnum):
    conv = "conv"
    mlp = "mlp"


class LayerKind(StrEnum):
    """A `conv` has a ReLU behind it, as has each `dense` but the last."""

    conv = "conv"
    pool = "pool"
    flatten = "flatten"
    dense = "dense"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """`kernel` and `stride` are a convolution's, which is padded so that only its stride makes the image smaller."""

    kind: LayerKind
    inputs: int = 0
    outputs: int = 0
    kernel: int = 0
    stride: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """`widths` are channels or neurons, layer by layer; `stride` is that of every convolution."""

    sort: Sort
    widths: tuple[int, ...]
    stride: int = 2

    def __str__(self) -> str:
        widths = "-".join(map(str, self.widths))
        return f"conv {widths} stride {self.stride}" if self.sort is Sort.conv else f"mlp {widths}"

    def layers(self, item: Sequence[int | None], outputs: int) -> tuple[Layer, ...]:
        """For items of this shape: (channels, height, width) for a conv, where a size may be unknown (None), else (features,)."""
        if self.sort is Sort.mlp:
            return self._dense((_known(item), *self.widths, outputs))
        channels, *sizes = item
        assert channels is not None
        made, inputs = [], channels
        for width in self.widths:
            made.append(Layer(kind=LayerKind.conv, inputs=inputs, outputs=width, kernel=3, stride=self.stride))
            inputs = width
        known = [_after(size, self.stride, len(self.widths)) for size in sizes if size is not None]
        # Where a digit's stroke ends matters, and where in a photo a cat sits does not.
        if len(known) == len(sizes) and max(known) <= 2 * _SMALL_MAP:
            inputs *= prod(known)
        else:
            made.append(Layer(kind=LayerKind.pool))
        made.append(Layer(kind=LayerKind.flatten))
        return (*made, Layer(kind=LayerKind.dense, inputs=inputs, outputs=outputs))

    @staticmethod
    def _dense(sizes: Sequence[int]) -> tuple[Layer, ...]:
        flatten = Layer(kind=LayerKind.flatten)
        return (flatten, *(Layer(kind=LayerKind.dense, inputs=inputs, outputs=outputs) for inputs, outputs in pairwise(sizes)))


def read_shape(text: str) -> Shape | None:
    """`conv 16-32-64 stride 2` or `mlp 256-64`; None where it is neither."""
    found = _WRITTEN.fullmatch(" ".join(text.split()))
    if not found or (found[1] == Sort.mlp and found[3]):
        return None
    widths, stride = tuple(map(int, found[2].split("-"))), int(found[3] or 2)
    fits = all(1 <= width <= _MOST_WIDTH for width in widths) and 1 <= stride <= _SMALL_MAP
    return Shape(sort=Sort(found[1]), widths=widths, stride=stride) if fits else None


def usual_shape(item: Sequence[int | None]) -> Shape:
    """Where nobody says: an image is halved until it is 4x4 or smaller, and a table's row goes through two narrow layers."""
    if len(item) == 1:
        return Shape(sort=Sort.mlp, widths=(128, 64))
    sizes = [size for size in item[1:] if size is not None]
    stages = max((_stages(size) for size in sizes), default=_MOST_STAGES)
    return Shape(sort=Sort.conv, widths=tuple(_FIRST_WIDTH * 2**stage for stage in range(stages)))


def _stages(size: int) -> int:
    stages = 1
    while _after(size, 2, stages) > _SMALL_MAP and stages < _MOST_STAGES:
        stages += 1
    return stages


def _after(size: int, stride: int, times: int) -> int:
    for _ in range(times):
        size = -(-size // stride)
    return size


def _known(item: Sequence[int | None]) -> int:
    (features,) = item
    assert features is not None
    return features
