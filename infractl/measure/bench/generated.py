"""Requests that a model's signature asks for, all different, and the same for the same seed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from infractl.errors import UsageError
from infractl.measure.bench.terms import SEED, Requests
from infractl.tensors import Dtype, Signature, TensorSpec

if TYPE_CHECKING:
    import numpy as np

MOST_DISTINCT = 64
LEAST_DISTINCT = 2
MOST_IN_ONE = 20_000_000
"""More of them no server takes in one request."""
MOST_VALUES = 2_000_000
"""In all requests together: that many are written as JSON in about a second."""

_DIGITS = 7
"""As many decimals as a number has that comes from a float of four bytes."""

_FLOATS = frozenset({Dtype.float16, Dtype.bfloat16, Dtype.float32, Dtype.float64})
_WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath")


def generated(signature: Signature, extents: Mapping[str, int], seed: int = SEED) -> Requests:
    """Requests with the `extents` of named dimensions; one that is not among them has the size 1.

    Numbers are normally distributed. Whole numbers are 0 or 1, because they may index a table of unknown length, and a mask or
    a kind of token takes no others. Texts are of two words. Raises UsageError for sizes that no request can have.
    """
    import numpy as np

    sizes = {axis: extents.get(axis, 1) for spec in signature.inputs for axis in spec.shape if isinstance(axis, str)}
    values = sum(math.prod(_shape(spec, sizes)) for spec in signature.inputs)
    if values > MOST_IN_ONE:
        raise UsageError.of(
            "bench-data",
            summary="the requests to measure with cannot be made",
            detail=f"with {', '.join(f'{axis}: {size}' for axis, size in sizes.items())} one holds {values:,} numbers",
            remedy="name the usual size of each dimension in spec.traffic.shapes, or pass requests with --data",
        )
    distinct = max(LEAST_DISTINCT, min(MOST_DISTINCT, MOST_VALUES // max(1, values)))
    random = np.random.default_rng(seed)
    bodies = [_body(signature, sizes, random) for _ in range(distinct)]
    return Requests(
        bodies=bodies,
        items=_items(signature, sizes),
        extents=sizes,
        source=f"{distinct} generated requests in turn",
    )


def _body(signature: Signature, sizes: Mapping[str, int], random: np.random.Generator) -> bytes:
    return json.dumps({"inputs": [_tensor(spec, _shape(spec, sizes), random) for spec in signature.inputs]}).encode()


def _tensor(spec: TensorSpec, shape: tuple[int, ...], random: np.random.Generator) -> dict[str, Any]:
    return {"name": spec.name, "shape": list(shape), "datatype": spec.dtype, "data": _data(spec.dtype, math.prod(shape), random)}


def _data(dtype: Dtype, count: int, random: np.random.Generator) -> list[Any]:
    if dtype in _FLOATS:
        data: list[Any] = random.standard_normal(count).round(_DIGITS).tolist()
    elif dtype is Dtype.bool_:
        data = (random.random(count) < 0.5).tolist()
    elif dtype is Dtype.bytes_:
        data = [" ".join(random.choice(_WORDS, 2)) for _ in range(count)]
    else:
        data = random.integers(0, 2, count).tolist()
    return data


def _shape(spec: TensorSpec, sizes: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(axis if isinstance(axis, int) else sizes[axis] for axis in spec.shape)


def _items(signature: Signature, sizes: Mapping[str, int]) -> int:
    return sizes[str(signature.inputs[0].shape[0])] if signature.batched else 1
