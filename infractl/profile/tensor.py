"""A tensor at given sizes as evaluation knows it: element type, shape, and the elements where they are few and known before."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infractl.profile.external_data import is_external
from infractl.profile.node import Operand
from infractl.profile.tensor_types import dtype, element_bytes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnx import TensorProto, TypeProto

MOST_VALUE_ELEMENTS = 4096
"""The longest tensor whose elements are kept: those that say shapes, indices, scales and limits are shorter."""
MOST_FRACTIONS = 64
"""The same for numbers that are no integers. Nothing but the scales of a Resize and limits is read from them."""


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """`constant`: it depends on nothing that a request says, as it comes from the file or is computed from what does.

    `element_type` is one of ONNX's numbers.
    """

    element_type: int
    shape: tuple[int, ...]
    constant: bool = False
    value: NDArray[np.generic] | None = None

    @property
    def key(self) -> Hashable:
        """What tells it from others in all that a rule may look at."""
        return (self.element_type, self.shape, self.constant, None if self.value is None else self.value.tobytes())

    @property
    def elements(self) -> int:
        count = 1
        for size in self.shape:
            count *= size
        return count

    @property
    def bytes(self) -> float:
        return self.elements * (element_bytes(self.element_type) or 0.0)

    def operand(self) -> Operand | None:
        """In the words of the rules; None for an element type whose size is not known."""
        size = element_bytes(self.element_type)
        if size is None:
            return None
        return Operand(
            shape=self.shape, dtype=dtype(self.element_type), element_bytes=size, weight=self.constant, value=self.value
        )

    def type_proto(self) -> TypeProto:
        from onnx import TypeProto

        kind = TypeProto()
        kind.tensor_type.elem_type = self.element_type
        # Also a scalar has a shape, with no axes.
        kind.tensor_type.shape.SetInParent()
        for size in self.shape:
            kind.tensor_type.shape.dim.add().dim_value = size
        return kind


def of_proto(tensor: TensorProto) -> Tensor:
    """A tensor of the file. Its elements are read where they are few and lie in the model's own file."""
    shape = tuple(int(size) for size in tensor.dims)
    known = Tensor(tensor.data_type, shape, constant=True)
    if not worth_keeping(known) or is_external(tensor):
        return known
    from onnx import numpy_helper

    try:
        value = numpy_helper.to_array(tensor)
    except (ValueError, TypeError, KeyError):
        # Of a type that numpy has no word for, or with another number of elements than it says: then no rule reads it.
        return known
    return Tensor(tensor.data_type, shape, constant=True, value=value)


def of_value(value: Any, *, constant: bool) -> Tensor | None:
    """A tensor that was computed, or None where it is none that a node could take."""
    import numpy as np
    from onnx import helper

    if not isinstance(value, np.ndarray | np.generic):
        return None
    array = np.asarray(value)
    try:
        element_type = helper.np_dtype_to_tensor_dtype(array.dtype)
    except (ValueError, KeyError):
        return None
    known = Tensor(element_type, array.shape, constant=constant)
    return Tensor(element_type, array.shape, constant=constant, value=array) if worth_keeping(known) else known


def worth_keeping(tensor: Tensor) -> bool:
    """Whether its elements may say a shape or a limit, and are few."""
    from onnx import TensorProto

    whole = tensor.element_type in (TensorProto.INT64, TensorProto.INT32, TensorProto.BOOL)
    few = tensor.elements <= (MOST_VALUE_ELEMENTS if whole else MOST_FRACTIONS)
    return few and tensor.element_type != TensorProto.STRING
