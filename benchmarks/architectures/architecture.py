"""What an architecture is to the benchmarks: a model to make, and what others published of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from onnx import ModelProto


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """`make` takes seconds and the memory of three times the weights. `published_at` are the sizes that `macs` holds for.

    `parameters` are those that are learned; running means and variances of a BatchNormalization are published apart.
    `macs` are the multiply-accumulates of convolutions and matrix products. `further` are other sizes, to compare at.
    """

    name: str
    make: Callable[[], ModelProto]
    parameters: int
    macs: float
    published_at: Mapping[str, int]
    further: Mapping[str, int]
