"""The types and shapes that a node gives at known sizes: by onnx's own inference, else by a rule of ours for what onnx lacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from infractl.profile.program import Instruction, schema
from infractl.profile.tensor import Tensor

if TYPE_CHECKING:
    from onnx import NodeProto, TypeProto
    from onnx.defs import OpSchema

Tensors = Sequence[Tensor | None]
RULES_OPSET = 21
"""The opset by whose schemas operators of other domains are inferred that are a standard one with something added."""


class ContradictionError(Exception):
    """The operands do not fit together at these sizes. It stays inside of the profile: other sizes are tried then.

    `outdated`: it is the form of the node that onnx objects to, which an engine may take all the same.
    """

    def __init__(self, message: str, *, outdated: bool = False) -> None:
        super().__init__(message)
        self.outdated = outdated


def infer(instruction: Instruction, inputs: Mapping[str, Tensor], opsets: Mapping[str, int]) -> list[Tensor | None]:
    """The outputs of the node, None for each that cannot be told; `inputs` by their names in `instruction.bare`, all known.

    Raises ContradictionError.
    """
    if instruction.schema is None:
        return [None] * len(instruction.outputs)
    return _infer(instruction.schema, instruction.bare, inputs, opsets)


def infer_as(
    operator: str, inputs: Tensors, attributes: Mapping[str, Any] | None = None, outputs: int = 1
) -> list[Tensor | None]:
    """What the standard operator gives for these inputs; None stands for an optional one that is left out."""
    from onnx import helper

    names = [f"i{place}" if given else "" for place, given in enumerate(inputs)]
    node = helper.make_node(operator, names, [f"o{place}" for place in range(outputs)], **(attributes or {}))
    known = schema(operator, RULES_OPSET, "")
    if known is None:
        return [None] * outputs
    return _infer(known, node, {name: given for name, given in zip(names, inputs, strict=True) if given}, {"": RULES_OPSET})


def _infer(known: OpSchema, node: NodeProto, inputs: Mapping[str, Tensor], opsets: Mapping[str, int]) -> list[Tensor | None]:
    from onnx import checker, numpy_helper, shape_inference

    types = {name: given.type_proto() for name, given in inputs.items()}
    data = {name: numpy_helper.from_array(given.value, name) for name, given in inputs.items() if given.value is not None}
    try:
        found = shape_inference.infer_node_outputs(known, node, types, data, opset_imports=_imports(opsets))
    except checker.ValidationError as error:
        raise ContradictionError(str(error), outdated=True) from error
    except (shape_inference.InferenceError, RuntimeError, ValueError, TypeError, IndexError) as error:
        raise ContradictionError(str(error)) from error
    return [_tensor(found[name]) if name in found else None for name in node.output]


def _imports(opsets: Mapping[str, int]) -> list[Any]:
    from onnx import helper

    return [helper.make_opsetid(domain, version) for domain, version in opsets.items()]


def _tensor(kind: TypeProto) -> Tensor | None:
    """None where an axis has no size, or it is no tensor. A negative size is a contradiction."""
    tensor = kind.tensor_type
    if not kind.HasField("tensor_type") or not tensor.HasField("shape") or not tensor.elem_type:
        return None
    sizes = []
    for axis in tensor.shape.dim:
        if not axis.HasField("dim_value"):
            return None
        if axis.dim_value < 0:
            raise ContradictionError(f"an axis would have {axis.dim_value} elements")
        sizes.append(axis.dim_value)
    return Tensor(tensor.elem_type, tuple(sizes))
