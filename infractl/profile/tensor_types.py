"""ONNX value types and shapes in the core's words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infractl.errors import ModelError
from infractl.tensors import Dtype, Signature, TensorSpec

if TYPE_CHECKING:
    from onnx import GraphProto, TypeProto, ValueInfoProto

BATCH = "batch"
"""What a dynamic first axis without a name is called. In practice it is the batch."""

_DTYPES = {
    "BOOL": Dtype.bool_,
    "UINT8": Dtype.uint8,
    "UINT16": Dtype.uint16,
    "UINT32": Dtype.uint32,
    "UINT64": Dtype.uint64,
    "INT8": Dtype.int8,
    "INT16": Dtype.int16,
    "INT32": Dtype.int32,
    "INT64": Dtype.int64,
    "FLOAT16": Dtype.float16,
    "BFLOAT16": Dtype.bfloat16,
    "FLOAT": Dtype.float32,
    "DOUBLE": Dtype.float64,
    "STRING": Dtype.bytes_,
}


def dtype(element_type: int) -> Dtype | None:
    """The element type, or None for one that the protocol cannot carry."""
    from onnx import TensorProto

    return _DTYPES.get(TensorProto.DataType.Name(element_type))


def shape(kind: TypeProto) -> tuple[int | str, ...] | None:
    """Sizes and names of a tensor's axes; None where their number is not known, or one has neither."""
    if not kind.tensor_type.HasField("shape"):
        return None
    axes = tuple(
        a.dim_param if a.dim_param else a.dim_value if a.HasField("dim_value") else "" for a in kind.tensor_type.shape.dim
    )
    return None if "" in axes else axes


def name_axes(graph: GraphProto) -> None:
    """Give each unnamed dynamic axis of the inputs and outputs a name, so that shape inference can carry it through the graph."""
    for value in (*graph.input, *graph.output):
        for position, axis in enumerate(value.type.tensor_type.shape.dim):
            if not axis.dim_param and not (axis.HasField("dim_value") and axis.dim_value >= 0):
                axis.dim_param = BATCH if position == 0 else f"{value.name}.{position}"


def signature(graph: GraphProto, path: Path) -> Signature:
    """Inputs and outputs in the model's order. Raises ModelError for what is no tensor, or has a shape that is not told."""
    weights = weight_names(graph)
    return Signature(
        inputs=tuple(_spec(value, path) for value in graph.input if value.name not in weights),
        outputs=tuple(_spec(value, path) for value in graph.output),
    )


def weight_names(graph: GraphProto) -> frozenset[str]:
    return frozenset([*(t.name for t in graph.initializer), *(s.values.name for s in graph.sparse_initializer)])


def _spec(value: ValueInfoProto, path: Path) -> TensorSpec:
    axes = shape(value.type)
    kind = dtype(value.type.tensor_type.elem_type) if value.type.HasField("tensor_type") else None
    if axes is None or kind is None:
        missing = "is no tensor of a type that can be served" if kind is None else "has a shape that the file does not tell"
        raise ModelError.of(
            "model-signature",
            summary="an input or output of the model cannot be served",
            detail=f"{value.name} {missing}",
            at=str(path),
            remedy="export the model so that every input and output is a tensor with a shape (for scikit-learn: zipmap=False)",
        )
    return TensorSpec(name=value.name, dtype=kind, shape=axes)
