"""An array in the element type that a model takes, where nothing is lost by it but digits that the type cannot hold."""

from __future__ import annotations

from infractl.protocol.data import SENDABLE, numpy_dtype
from infractl.tensors import Dtype, Tensor

_SAVE = "save it as {}, scaled and rounded as the model was trained with"


class LossyCastError(Exception):
    """Says which value would become another one, or that there is no such conversion; and what to do."""

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(why)
        self.remedy = remedy


def cast(array: Tensor, wanted: Dtype) -> Tensor:
    """Raises LossyCastError.

    Whole numbers, booleans and their like must come out as what they were. A float may be rounded to a shorter float, as every
    client rounds what it sends, but never to infinity, and to a whole number only where it is one. Texts stay texts.
    """
    if wanted not in SENDABLE:
        raise LossyCastError(f"numpy has no arrays of {wanted}", "export the model with inputs of another type, such as FP32")
    if array.dtype.kind == "O":
        raise LossyCastError("it is of Python objects", _SAVE.format(wanted))
    if wanted is Dtype.bytes_ or array.dtype.kind in "US":
        return _texts(array, wanted)
    if array.dtype.kind not in "biuf":
        raise LossyCastError(f"it is of {array.dtype}", _SAVE.format(wanted))
    return _numbers(array, wanted)


def _texts(array: Tensor, wanted: Dtype) -> Tensor:
    if wanted is not Dtype.bytes_ or array.dtype.kind not in "US":
        raise LossyCastError(
            f"it is of {'texts' if array.dtype.kind in 'US' else array.dtype}, and the model takes {wanted}", _SAVE.format(wanted)
        )
    if array.dtype.kind == "U":
        return array.astype(object)
    import numpy as np

    try:
        return np.char.decode(np.asarray(array, np.bytes_), "utf-8").astype(object)
    except UnicodeDecodeError as error:
        raise LossyCastError(f"its texts are not in UTF-8: {error}", "save them as UTF-8") from error


def _numbers(array: Tensor, wanted: Dtype) -> Tensor:
    import numpy as np

    target = np.dtype(numpy_dtype(wanted))
    if array.dtype == target:
        return array
    with np.errstate(all="ignore"):
        made = array.astype(target)
        if array.dtype.kind == target.kind == "f":
            changed = np.isinf(made) & ~np.isinf(array)
        else:
            # Compared where both are exact: back in the array's own type, and with the same sign.
            changed = (made.astype(array.dtype) != array) | (np.less(made, 0) != np.less(array, 0))
    if changed.any():
        where = np.unravel_index(int(np.argmax(changed)), changed.shape)
        raise LossyCastError(f"{array[where]} (of {array.dtype}) is no {wanted}", _SAVE.format(wanted))
    return np.asarray(made)
