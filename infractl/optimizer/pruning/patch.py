"""The inputs of a layer as rows of a matrix: one row for each place of its output that was sampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from infractl.optimizer.pruning.graph import attribute, numbers
from infractl.tensors import Tensor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnx import NodeProto

Places: TypeAlias = "tuple[NDArray[np.int64], ...]"
"""Row of the batch, then position along each axis of space."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """How a convolution moves over space: by axis of it. `begins` and `ends` are the zeros around it."""

    kernel: Sequence[int]
    strides: Sequence[int]
    dilations: Sequence[int]
    begins: Sequence[int]
    ends: Sequence[int]


def window(node: NodeProto, weight: Tensor, space: Sequence[int]) -> Window:
    """Of a Conv with this weight [out, in, ...] over an input whose space is as large as `space`."""
    kernel = list(weight.shape[2:])
    axes = len(kernel)
    strides = numbers(node, "strides") or [1] * axes
    dilations = numbers(node, "dilations") or [1] * axes
    pads = numbers(node, "pads") or [0] * (2 * axes)
    match attribute(node, "auto_pad", "NOTSET"):
        case "VALID":
            pads = [0] * (2 * axes)
        case "SAME_UPPER" | "SAME_LOWER" as side:
            wide = [
                max((-(-size // stride) - 1) * stride + (taps - 1) * dilation + 1 - size, 0)
                for size, stride, taps, dilation in zip(space, strides, kernel, dilations, strict=True)
            ]
            less, more = [total // 2 for total in wide], [total - total // 2 for total in wide]
            pads = [*less, *more] if side == "SAME_UPPER" else [*more, *less]
    return Window(kernel=kernel, strides=strides, dilations=dilations, begins=pads[:axes], ends=pads[axes:])


def sample(shape: Sequence[int], wanted: int, random: np.random.Generator) -> Places:
    """At most so many places of [batch, *space], each at most once, in their order."""
    import numpy as np

    total = int(np.prod(shape))
    chosen = np.arange(total) if wanted >= total else np.sort(random.choice(total, size=wanted, replace=False))
    return tuple(np.unravel_index(chosen, tuple(shape)))


def patches(taken: Tensor, seen: Window, places: Places) -> Tensor:
    """What a convolution sees at these places of its output: [places, channels * kernel], from [batch, channels, *space]."""
    import numpy as np

    pads = [(0, 0), (0, 0), *zip(seen.begins, seen.ends, strict=True)]
    axes = tuple(range(2, taken.ndim))
    spans = tuple((taps - 1) * dilation + 1 for taps, dilation in zip(seen.kernel, seen.dilations, strict=True))
    views = np.lib.stride_tricks.sliding_window_view(np.pad(taken, pads), spans, axis=axes)
    batch, *space = places
    at = [position * stride for position, stride in zip(space, seen.strides, strict=True)]
    thinned = tuple(slice(None, None, dilation) for dilation in seen.dilations)
    found: Tensor = views[(batch, slice(None), *at)][(slice(None), slice(None), *thinned)]  # type: ignore[arg-type]
    return found.reshape(len(batch), -1)
