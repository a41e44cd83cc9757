"""ONNX value types and shapes in the core's words."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from infractl.errors import ModelError
from infractl.tensors import Dtype, Signature, TensorSpec

if TYPE_CHECKING:
    from onnx import GraphProto, TypeProto, ValueInfoProto

DEFAULT_DOMAINS = frozenset({"", "ai.onnx"})
"""What ONNX calls the domain of its own operators."""

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
    return _DTYPES.get(_name(element_type))


_BITS = {
    **{"BOOL": 8, "UINT8": 8, "INT8": 8, "UINT16": 16, "INT16": 16, "FLOAT16": 16, "BFLOAT16": 16},
    **{"UINT32": 32, "INT32": 32, "FLOAT": 32, "UINT64": 64, "INT64": 64, "DOUBLE": 64, "COMPLEX64": 64, "COMPLEX128": 128},
    **{"FLOAT8E4M3FN": 8, "FLOAT8E4M3FNUZ": 8, "FLOAT8E5M2": 8, "FLOAT8E5M2FNUZ": 8, "FLOAT8E8M0": 8},
    **{"UINT4": 4, "INT4": 4, "FLOAT4E2M1": 4, "UINT2": 2, "INT2": 2},
    # What an engine keeps for an element, without its letters: a std::string of libstdc++ and of libc++ takes 32 and 24 bytes.
    "STRING": 256,
}


@cache
def element_bytes(element_type: int) -> float | None:
    """Bytes that an element takes, below one for those that are packed; None for a type that is not known."""
    name = _name(element_type)
    return _BITS[name] / 8 if name in _BITS else None


@cache
def _name(element_type: int) -> str:
    """ONNX's name, empty for a number that it does not know."""
    from onnx import TensorProto

    try:
        return str(TensorProto.DataType.Name(element_type))
    except ValueError:
        return ""


def shape(kind: TypeProto) -> tuple[int | str, ...] | None:
    """Sizes and names of a tensor's axes; None where their number is not known, or one has neither."""
    if not kind.tensor_type.HasField("shape"):
        return None
    axes = tuple(
        a.dim_param if a.dim_param else a.dim_value if a.HasField("dim_value") else "" for a in kind.tensor_type.shape.dim
    )
    return None if "" in axes else axes


def name_axes(graph: GraphProto, weights: Collection[str], unnamed: Iterator[int]) -> None:
    """Give each unnamed dynamic axis of the inputs and outputs a name, so that shape inference can carry it through the graph.

    The names are those that the engine gives: the first axis is the batch, any other is counted through the model by `unnamed`.
    """
    for value in (*(v for v in graph.input if v.name not in weights), *graph.output):
        for position, axis in enumerate(value.type.tensor_type.shape.dim):
            if not axis.dim_param and not (axis.HasField("dim_value") and axis.dim_value >= 0):
                axis.dim_param = BATCH if position == 0 else f"dim_{next(unnamed)}"


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
    if kind is None or axes is None:
        raise _unsupported(value, path)
    return TensorSpec(name=value.name, dtype=kind, shape=axes)


def _unsupported(value: ValueInfoProto, path: Path) -> ModelError:
    if value.type.sequence_type.elem_type.HasField("map_type"):
        return ModelError.of(
            "model-unsupported-type",
            summary="an input or output is no tensor of a known element type",
            detail=f"{value.name} is a sequence of maps, which a ZipMap of scikit-learn's probabilities gives",
            at=str(path),
            remedy='export it without ZipMap: to_onnx(model, X, options={"zipmap": False})',
        )
    element = _name(value.type.tensor_type.elem_type) if value.type.HasField("tensor_type") else ""
    return ModelError.of(
        "model-unsupported-type",
        summary="an input or output is no tensor of a known element type",
        detail=f"{value.name} is a {f'tensor of {element}' if element else value.type.WhichOneof('value')}",
        at=str(path),
        remedy="export the model with plain tensors as its inputs and outputs",
    )
