"""A tensor's `data` member: JSON numbers, flat or nested, to an array. No Python is run per element."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any

from infractl.protocol.refusal import RequestError, bad_request
from infractl.tensors import Dtype, Tensor

if TYPE_CHECKING:
    import numpy as np

FLOATS = frozenset({Dtype.float16, Dtype.float32, Dtype.float64})

# Their names in numpy, and their letters in the struct module, which has none for strings.
_FORMS = {
    Dtype.bool_: ("bool", "?"),
    Dtype.uint8: ("uint8", "B"),
    Dtype.uint16: ("uint16", "H"),
    Dtype.uint32: ("uint32", "I"),
    Dtype.uint64: ("uint64", "Q"),
    Dtype.int8: ("int8", "b"),
    Dtype.int16: ("int16", "h"),
    Dtype.int32: ("int32", "i"),
    Dtype.int64: ("int64", "q"),
    Dtype.float16: ("float16", "e"),
    Dtype.float32: ("float32", "f"),
    Dtype.float64: ("float64", "d"),
    Dtype.bytes_: ("object", ""),
}
SENDABLE = frozenset(_FORMS)
"""Element types that JSON can carry."""

_JSON_WORDS = {float: "numbers with a fraction", int: "whole numbers", bool: "booleans", str: "strings", list: "lists"}
# numpy cannot size an array beyond this, not even an empty one.
_LARGEST_EXTENT = 2**40


class DataReader:
    """Reads the data of one input of a sendable type: `where` is its name for people, with which every reason begins."""

    def __init__(self, where: str, dtype: Dtype, *, reject_non_finite: bool) -> None:
        import numpy as np

        self._where = where
        self._dtype = dtype
        self._reject_non_finite = reject_non_finite
        self._wanted = _wanted(dtype)
        self._numpy_dtype = numpy_dtype(dtype)
        self._letter = _FORMS[dtype][1]
        self._array = np.ndarray

    def read(self, data: Any, shape: Sequence[int]) -> Tensor:
        """`data` as an array of this type and `shape`, which cannot be written to. Raises RequestError."""
        if type(data) is not list:
            raise bad_request(f"{self._where} has no list as its data")
        flat = _flat(self._where, data, shape) if data and type(data[0]) is list else data
        count = math.prod(shape)
        if len(flat) != count:
            raise bad_request(f"{self._where} has {len(flat)} elements in its data, and its shape {shape} holds {count}")
        if not self._wanted.issuperset(map(type, flat)):
            raise self._wrong_elements(flat)
        if not count or not self._letter:
            return self._converted(flat, shape)
        try:
            # A third of the time that numpy takes. With "=" what exceeds the type is an error. NaN and infinity pass: where they
            # are rejected, the JSON reader has done that.
            packed = struct.pack(f"={count}{self._letter}", *flat)
        except (struct.error, OverflowError):
            return self._converted(flat, shape)
        return self._array(shape, self._numpy_dtype, packed)

    def _converted(self, flat: list[Any], shape: Sequence[int]) -> Tensor:
        """What is no number, and what is too large."""
        import numpy as np

        if not flat and math.prod(max(size, 1) for size in shape) > _LARGEST_EXTENT:
            raise bad_request(f"{self._where} has the shape {shape}, which is too large")
        try:
            # A float too large for the type becomes infinity.
            with np.errstate(over="ignore"):
                array = np.fromiter(flat, self._numpy_dtype, len(flat))
        except OverflowError:
            raise bad_request(f"{self._where} holds a number outside the range of {self._dtype}") from None
        if self._dtype in FLOATS and self._reject_non_finite and not np.isfinite(array).all():
            raise bad_request(f"{self._where} holds NaN, infinity or a number outside the range of {self._dtype}")
        return array.reshape(shape)

    def _wrong_elements(self, flat: list[Any]) -> RequestError:
        wrong = set(map(type, flat)) - self._wanted
        given = " and ".join(sorted(_JSON_WORDS.get(kind, "nulls or objects") for kind in wrong))
        return bad_request(f"{self._where} holds {given} in its data, which {self._dtype} does not take")


def _flat(where: str, data: list[Any], shape: Sequence[int]) -> list[Any]:
    """The elements of nested lists in row-major order. They must be nested as `shape` says."""
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

    return np.dtype(_FORMS[dtype][0])
