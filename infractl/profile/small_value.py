"""Computes the small values that say shapes: what a Shape, Gather, Concat chain gives, where its inputs are known.

The operators are onnx's own reference ones. Only those that such chains are made of are run, and only where what they give is
small: a file cannot make this take long or much memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from infractl.profile.program import Instruction
from infractl.profile.tensor import Tensor, of_value, worth_keeping

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BOUNDED_BY_INPUT = frozenset({"Compress", "NonZero", "Unique"})
"""What they give is never more than a few times what they take, though its shape is known only afterwards."""

COMPUTED = BOUNDED_BY_INPUT | {
    *("Abs", "Add", "And", "ArgMax", "ArgMin", "Cast", "CastLike", "Ceil", "Clip", "Concat", "ConstantOfShape", "CumSum", "Div"),
    *("Equal", "Expand", "EyeLike", "Flatten", "Floor", "Gather", "GatherElements", "GatherND", "Greater", "GreaterOrEqual"),
    *("Identity", "Less", "LessOrEqual", "Max", "Min", "Mod", "Mul", "Neg", "Not", "Or", "Pad", "Pow", "Range", "Reciprocal"),
    *("ReduceMax", "ReduceMin", "ReduceProd", "ReduceSum", "Reshape", "Round", "ScatterElements", "ScatterND", "Sign"),
    *("Slice", "Split", "Sqrt", "Squeeze", "Sub", "Sum", "Tile", "Transpose", "Trilu", "Unsqueeze", "Where", "Xor"),
}


def is_computed(instruction: Instruction) -> bool:
    return not instruction.domain and instruction.operator in COMPUTED


def compute(
    instruction: Instruction, inputs: Sequence[Tensor | None], outputs: Sequence[Tensor | None], opsets: Mapping[str, int]
) -> list[Tensor | None] | None:
    """The outputs with their elements, or None where they are not known, not small, or cannot be computed.

    `outputs` is what is known of their shapes.
    """
    if not _small(instruction, outputs):
        return None
    values: list[Any] = []
    for given in inputs:
        if given is None or given.value is None:
            return None
        values.append(given.value)
    constant = all(given is not None and given.constant for given in inputs)
    if instruction.operator == "Identity":
        return [of_value(values[0], constant=constant)]
    found = _run(instruction, values, opsets)
    return None if found is None else [of_value(value, constant=constant) for value in found]


def shape_of(instruction: Instruction, given: Tensor | None) -> Tensor | None:
    """What a Shape or a Size gives: it needs no elements, only the shape."""
    import numpy as np

    if given is None:
        return None
    if instruction.operator == "Size":
        return of_value(np.array(given.elements, np.int64), constant=given.constant)
    start, end = instruction.attributes.get("start", 0), instruction.attributes.get("end")
    return of_value(np.array(given.shape[start:end], np.int64), constant=given.constant)


def _small(instruction: Instruction, outputs: Sequence[Tensor | None]) -> bool:
    if instruction.operator in BOUNDED_BY_INPUT:
        return True
    return all(known is not None and worth_keeping(known) for known in outputs)


def _run(instruction: Instruction, values: Sequence[NDArray[np.generic]], opsets: Mapping[str, int]) -> Sequence[Any] | None:
    import numpy as np
    from onnx.reference import ReferenceEvaluator

    names = [name for name in instruction.bare.input if name]
    try:
        with np.errstate(all="ignore"):
            evaluator = ReferenceEvaluator(instruction.bare, opsets={**opsets})
            found = list(evaluator.run(None, dict(zip(names, values, strict=True))))
    except Exception:  # noqa: BLE001 - the reference operators raise whatever numpy raises, and more: then the value is unknown
        return None
    return found
