"""What flows in and out of a model: element types by their Open Inference Protocol names, and tensor signatures."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Tensor: TypeAlias = "NDArray[np.generic]"


class Dtype(StrEnum):
    """Element types, with the Open Inference Protocol's names; BYTES is a variable-length string."""

    bool_ = "BOOL"
    uint8 = "UINT8"
    uint16 = "UINT16"
    uint32 = "UINT32"
    uint64 = "UINT64"
    int8 = "INT8"
    int16 = "INT16"
    int32 = "INT32"
    int64 = "INT64"
    float16 = "FP16"
    bfloat16 = "BF16"
    float32 = "FP32"
    float64 = "FP64"
    bytes_ = "BYTES"

    @property
    def size_bytes(self) -> int | None:
        """Bytes an element takes; None for BYTES, whose elements differ."""
        return _SIZES[self]


_SIZES = {
    Dtype.bool_: 1,
    Dtype.uint8: 1,
    Dtype.uint16: 2,
    Dtype.uint32: 4,
    Dtype.uint64: 8,
    Dtype.int8: 1,
    Dtype.int16: 2,
    Dtype.int32: 4,
    Dtype.int64: 8,
    Dtype.float16: 2,
    Dtype.bfloat16: 2,
    Dtype.float32: 4,
    Dtype.float64: 8,
    Dtype.bytes_: None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorSpec:
    """One input or output. A dimension is a size, or the name of a dynamic axis."""

    name: str
    dtype: Dtype
    shape: tuple[int | str, ...]

    @property
    def batched(self) -> bool:
        """Whether the first axis is dynamic, so that requests may be joined along it."""
        return bool(self.shape) and isinstance(self.shape[0], str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """The inputs and outputs of a model, in the model's order."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]

    @property
    def batched(self) -> bool:
        """Whether every input and output has a dynamic first axis of one name: the batch."""
        tensors = (*self.inputs, *self.outputs)
        return all(t.batched for t in tensors) and len({t.shape[0] for t in tensors}) == 1
