"""Weights in 4 or 8 bits, a step and a zero for each block of a column, packed as MatMulNBits reads them.

The layout is that of ONNX Runtime's ContribOperators.md: of a matrix [K, N] the weights are [N, blocks, bytes of a block], the
first of two values in the lower half of a byte.
"""

from __future__ import annotations

from dataclasses import dataclass

from infractl.tensors import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """`weights` uint8 [N, blocks, block * bits / 8]; `scales` fp32 [N * blocks]; `zeros` uint8, packed as the weights are."""

    weights: Tensor
    scales: Tensor
    zeros: Tensor


def packed(matrix: Tensor, *, block: int, bits: int) -> Packed:
    """The matrix [K, N], rounded to the nearest of `2**bits` values between the least and the largest of each block."""
    import numpy as np

    inputs, outputs = matrix.shape
    blocks, most = -(-inputs // block), 2**bits - 1
    columns = np.zeros((outputs, blocks * block), np.float32)
    columns[:, :inputs] = matrix.T
    columns = columns.reshape(outputs, blocks, block)
    # 0 is among the values, so that what pads the last block is exact.
    low, high = columns.min(-1, initial=0.0), columns.max(-1, initial=0.0)
    scale = np.where(high > low, (high - low) / most, 1).astype(np.float32)
    zero = np.clip(np.rint(-low / scale), 0, most)
    values = np.clip(np.rint(columns / scale[..., None] + zero[..., None]), 0, most).astype(np.uint8)
    return Packed(weights=_pack(values, bits), scales=scale.reshape(-1), zeros=_pack(zero.astype(np.uint8), bits))


def _pack(values: Tensor, bits: int) -> Tensor:
    """Two values of 4 bits a byte, the last one filled up with 0."""
    import numpy as np

    if bits == 8:
        return values
    whole = np.zeros((*values.shape[:-1], values.shape[-1] + values.shape[-1] % 2), np.uint8)
    whole[..., : values.shape[-1]] = values
    return np.asarray(whole[..., 0::2] | (whole[..., 1::2] << 4))
