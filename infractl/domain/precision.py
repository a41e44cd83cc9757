"""The number formats that chips compute matrix products in."""

from __future__ import annotations

from enum import StrEnum


class Precision(StrEnum):
    """What the operands of a product are; sums are kept wider. `tf32` is held in memory as fp32 is."""

    fp32 = "FP32"
    tf32 = "TF32"
    bf16 = "BF16"
    fp16 = "FP16"
    fp8 = "FP8"
    fp4 = "FP4"
    int8 = "INT8"
    int4 = "INT4"

    @property
    def bytes(self) -> float:
        """What an element takes in memory, scales of blocks left out."""
        return _BYTES[self]


_BYTES = {
    Precision.fp32: 4.0,
    Precision.tf32: 4.0,
    Precision.bf16: 2.0,
    Precision.fp16: 2.0,
    Precision.fp8: 1.0,
    Precision.fp4: 0.5,
    Precision.int8: 1.0,
    Precision.int4: 0.5,
}
