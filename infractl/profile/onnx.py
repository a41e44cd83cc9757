"""The static profile of an ONNX file: signature, parameters, and each operator's cost as a function of the dynamic axes."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from infractl.domain.profile import Execution, ModelProfile, OperatorCost
from infractl.errors import ModelError
from infractl.profile.external_data import external_bytes, load_small
from infractl.profile.operator import Node, Operand, cost
from infractl.profile.tensor_types import dtype, name_axes, shape, signature, weight_names

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

DEFAULT_DOMAINS = frozenset({"", "ai.onnx"})


def profile_onnx(path: Path, project_root: Path) -> ModelProfile:
    """Profile the model at `path`. Raises ModelError where it is missing, damaged, no ONNX, or has data outside the project."""
    data = _read(path)
    model = _parse(data, path)
    beside_bytes = external_bytes(model, path, project_root)
    _check(model, path, whole=not beside_bytes)
    if beside_bytes:
        load_small(model, path)
    graph = _infer(model, path).graph
    known = signature(graph, path)
    axes = {axis for tensor in known.inputs for axis in tensor.shape if isinstance(axis, str)}
    costs, uncosted = _costs(graph, _operands(graph, axes))
    return ModelProfile(
        format="onnx",
        digest=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data) + beside_bytes,
        signature=known,
        batch=str(known.inputs[0].shape[0]) if known.inputs and known.batched else None,
        parameters=_parameters(model.graph),
        weights_bytes=sum(o.weight_bytes for o in costs),
        given=Execution(operators=tuple(costs), uncosted=tuple(sorted(uncosted.items()))),
    )


def _read(path: Path) -> bytes:
    if not path.exists():
        raise ModelError.of(
            "model-missing",
            summary="there is no model file here",
            detail=f"{path} does not exist",
            at=str(path),
            remedy="correct spec.model.uri, or put the model there",
        )
    if not path.is_file():
        raise _unreadable(path, f"{path} is a directory" if path.is_dir() else f"{path} is no regular file")
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error


def _parse(data: bytes, path: Path) -> ModelProto:
    import onnx
    from google.protobuf.message import DecodeError

    if not data:
        raise _unreadable(path, "the file is empty")
    try:
        return onnx.load_model_from_string(data)
    except DecodeError as error:
        raise _unreadable(path, "it is no ONNX model, or a damaged one") from error


def _check(model: ModelProto, path: Path, *, whole: bool) -> None:
    """Have onnx check the model; one with data beside it is checked by path, which is how its data is found."""
    import onnx

    known = onnx.defs.onnx_opset_version()
    newest = max((opset.version for opset in model.opset_import if opset.domain in DEFAULT_DOMAINS), default=0)
    if newest > known:
        raise ModelError.of(
            "model-unreadable",
            summary="the model file cannot be read",
            detail=f"it uses opset {newest} of ONNX, and the newest that is known here is {known}",
            at=str(path),
            remedy="export the model with an older opset, or upgrade the package onnx",
        )
    try:
        onnx.checker.check_model(model if whole else str(path))
    except onnx.checker.ValidationError as error:
        raise _unreadable(path, _first_line(error)) from error


def _infer(model: ModelProto, path: Path) -> ModelProto:
    """The model with its own functions inlined and a shape on every value whose shape can be told.

    It is strict: shapes and types that contradict each other fail here, as they would when an engine opens the model.
    Operators of domains that onnx does not know pass, and tell no shapes.
    """
    import onnx
    from onnx import inliner

    whole = inliner.inline_local_functions(model) if model.functions else model
    name_axes(whole.graph)
    try:
        return onnx.shape_inference.infer_shapes(whole, check_type=True, strict_mode=True, data_prop=True)
    except onnx.shape_inference.InferenceError as error:
        raise _unreadable(path, _first_line(error)) from error


def _parameters(graph: GraphProto) -> int:
    """The elements of every initializer, each counted once however many nodes read it."""
    tensors = [*graph.initializer, *(sparse.values for sparse in graph.sparse_initializer)]
    return sum(prod(int(size) for size in tensor.dims) for tensor in tensors)


def _operands(graph: GraphProto, axes: set[str]) -> Mapping[str, Operand]:
    """Every value of the graph whose shape is known in terms of the inputs' axes."""
    weights = weight_names(graph)
    found: dict[str, Operand] = {}
    for value in (*graph.input, *graph.value_info, *graph.output):
        known = shape(value.type)
        size = _element_bytes(value.type.tensor_type.elem_type)
        if known is None or size is None:
            continue
        if all(isinstance(axis, int) or axis in axes for axis in known):
            found[value.name] = Operand(shape=known, element_bytes=size, weight=value.name in weights)
    for tensor in graph.initializer:
        size = _element_bytes(tensor.data_type)
        if size is not None:
            found[tensor.name] = Operand(shape=tuple(tensor.dims), element_bytes=size, weight=True)
    return found


def _element_bytes(element_type: int) -> float | None:
    known = dtype(element_type)
    return known.size_bytes if known else None


def _costs(graph: GraphProto, operands: Mapping[str, Operand]) -> tuple[list[OperatorCost], Counter[str]]:
    costs: list[OperatorCost] = []
    uncosted: Counter[str] = Counter()
    for node in graph.node:
        found = _cost(node, operands)
        if found is None:
            uncosted[_operator(node)] += 1
            # What a branch or a loop's body holds runs an unknown number of times.
            uncosted.update(_operator(inner) for inner in _inner_nodes(node))
        else:
            costs.append(found)
    return costs, uncosted


def _cost(node: NodeProto, operands: Mapping[str, Operand]) -> OperatorCost | None:
    names = [*filter(None, node.input), *filter(None, node.output)]
    if node.domain not in DEFAULT_DOMAINS or not all(name in operands for name in names):
        return None
    return cost(
        Node(
            name=node.name or next(iter(node.output), ""),
            operator=node.op_type,
            inputs=tuple(operands[name] for name in node.input if name),
            outputs=tuple(operands[name] for name in node.output if name),
            attributes={a.name: a.i for a in node.attribute},
        )
    )


def _operator(node: NodeProto) -> str:
    return node.op_type if node.domain in DEFAULT_DOMAINS else f"{node.domain}.{node.op_type}"


def _inner_nodes(node: NodeProto) -> Iterator[NodeProto]:
    for attribute in node.attribute:
        for graph in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
            for inner in graph.node:
                yield inner
                yield from _inner_nodes(inner)


def _first_line(error: Exception) -> str:
    """What onnx says first, without its own names for errors."""
    line = next(iter(str(error).strip().splitlines()), "")
    return re.sub(r"\[\w+Error\] |Inference error\(s\): ", "", line) or type(error).__name__


def _unreadable(path: Path, detail: str) -> ModelError:
    return ModelError.of(
        "model-unreadable",
        summary="the model file cannot be read",
        detail=detail,
        at=str(path),
        remedy="export the model again, and check that the whole file was copied (git lfs pull, where it is kept in LFS)",
    )
