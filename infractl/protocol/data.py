"""A tensor's `data` member: JSON numbers, flat or nested, to an array. No Python is run per element."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any

from infractl.protocol.refusal import bad_request
from infractl.tensors import Dtype, Tensor

if TYPE_CHECKING:
    import numpy as np

FLOATS = frozenset({Dtype.float16, Dtype.float32, Dtype.float64})

_NUMPY_NAMES = {
    Dtype.bool_: "bool",
    Dtype.uint8: "uint8",
    Dtype.uint16: "uint16",
    Dtype.uint32: "uint32",
    Dtype.uint64: "uint64",
    Dtype.int8: "int8",
    Dtype.int16: "int16",
    Dtype.int32: "int32",
    Dtype.int64: "int64",
    Dtype.float16: "float16",
    Dtype.float32: "float32",
    Dtype.float64: "float64",
    Dtype.bytes_: "object",
}
SENDABLE = frozenset(_NUMPY_NAMES)
"""Element types that JSON can carry."""

_JSON_WORDS = {float: "numbers with a fraction", int: "whole numbers", bool: "booleans", str: "strings", list: "lists"}
# numpy cannot size an array beyond this, not even an empty one.
_LARGEST_EXTENT = 2**40


def read_tensor(where: str, data: Any, dtype: Dtype, shape: Sequence[int]) -> Tensor:
    """`data` as an array of `dtype` and `shape`. Raises RequestError that begins with `where`, the tensor's name for people."""
    import numpy as np

    if dtype not in SENDABLE:
        raise bad_request(f"{where} is {dtype}, which JSON cannot carry")
    flat = _flat(where, data, shape)
    count = math.prod(shape)
    if len(flat) != count:
        raise bad_request(f"{where} has {len(flat)} elements in its data, and its shape {list(shape)} holds {count}")
    if count == 0 and math.prod(max(size, 1) for size in shape) > _LARGEST_EXTENT:
        raise bad_request(f"{where} has the shape {list(shape)}, which is too large")
    _check_elements(where, flat, dtype)
    try:
        # What is too large for the type becomes infinity here; whether that is let through is the caller's policy.
        with np.errstate(over="ignore"):
            array = np.fromiter(flat, numpy_dtype(dtype), count)
    except OverflowError:
        raise bad_request(f"{where} holds a number outside the range of {dtype}") from None
    return array.reshape(shape)


def _flat(where: str, data: Any, shape: Sequence[int]) -> list[Any]:
    """The elements in row-major order. What is nested must be nested as `shape` says."""
    if type(data) is not list:
        raise bad_request(f"{where} has no list as its data")
    if not data or type(data[0]) is not list:
        return data
    if not shape or len(data) != shape[0]:
        raise bad_request(f"{where} has {len(data)} rows in its data, and its shape is {list(shape)}")
    level = data
    for size in shape[1:]:
        if set(map(type, level)) - {list}:
            raise bad_request(f"{where} mixes lists and elements in its data")
        if set(map(len, level)) - {size}:
            raise bad_request(f"{where} has rows of other lengths in its data than its shape {list(shape)} says")
        level = list(chain.from_iterable(level))
    return level


def _check_elements(where: str, flat: list[Any], dtype: Dtype) -> None:
    wrong = set(map(type, flat)) - _wanted(dtype)
    if wrong:
        given = " and ".join(sorted(_JSON_WORDS.get(kind, "nulls or objects") for kind in wrong))
        raise bad_request(f"{where} holds {given} in its data, which {dtype} does not take")


@cache
def _wanted(dtype: Dtype) -> frozenset[type]:
    if dtype in FLOATS:
        return frozenset({float, int})
    match dtype:
        case Dtype.bool_:
            return frozenset({bool})
        case Dtype.bytes_:
            return frozenset({str})
        case _:
            return frozenset({int})


@cache
def numpy_dtype(dtype: Dtype) -> np.dtype[Any]:
    """numpy's type for a sendable one."""
    import numpy as np

    return np.dtype(_NUMPY_NAMES[dtype])
