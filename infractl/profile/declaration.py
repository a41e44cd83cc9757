"""What a model's file declares of its inputs and outputs, and what is found out where it leaves that out.

Scripts that cut a model at one of its values write an output by its name alone. ONNX Runtime opens such a model with what onnx's
inference tells of it, and so it is read here. Where that tells no number of axes, the engine calls it a scalar: requests are not
joined.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from infractl.profile.flaw import unsound

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, ValueInfoProto


def check_declarations(graph: GraphProto, path: Path) -> None:
    """Raises ModelError for an input of which nobody can tell what to send, and for a tensor of no element type."""
    for value in graph.input:
        if lacking := _lacking(value):
            raise unsound(path, f"the input {value.name} is declared without its {lacking}")
    for value in (*graph.input, *graph.value_info, *graph.output):
        if value.type.HasField("tensor_type") and not value.type.tensor_type.elem_type:
            raise unsound(path, f"{value.name} is declared as a tensor without an element type")


def incomplete(graph: GraphProto) -> frozenset[str]:
    """The outputs whose type or shape the file leaves out."""
    return frozenset(value.name for value in graph.output if _lacking(value))


def check_model(model: ModelProto, left_out: Collection[str]) -> None:
    """As onnx checks it, but for what it says of the outputs that are left out. Raises ValidationError."""
    import onnx

    if not left_out:
        onnx.checker.check_model(model)
        return
    whole = onnx.ModelProto()
    whole.CopyFrom(model)
    for value in whole.graph.output:
        if value.name in left_out:
            value.type.tensor_type.elem_type = onnx.TensorProto.FLOAT
            value.type.tensor_type.shape.SetInParent()
    onnx.checker.check_model(whole)


def complete(graph: GraphProto, left_out: Collection[str], path: Path) -> None:
    """Make what was inferred of these outputs a declaration. Raises ModelError where not even a type was."""
    declared = (*graph.input, *(value for value in graph.output if value.name not in left_out))
    named = {axis.dim_param for value in declared for axis in value.type.tensor_type.shape.dim}
    for value in graph.output:
        if value.name not in left_out:
            continue
        if not value.type.WhichOneof("value"):
            raise unsound(path, f"the output {value.name} is declared without its type, and nothing else tells it")
        if not value.type.HasField("tensor_type"):
            continue
        value.type.tensor_type.shape.SetInParent()
        for axis in value.type.tensor_type.shape.dim:
            # A name that onnx made up says that nothing is known of the axis.
            if axis.dim_param not in named:
                axis.ClearField("dim_param")


def _lacking(value: ValueInfoProto) -> str:
    """What is missing for a tensor; nothing where it is something else."""
    if not value.type.WhichOneof("value"):
        return "type"
    kind = value.type.tensor_type
    return "shape" if kind.elem_type and not kind.HasField("shape") else ""
