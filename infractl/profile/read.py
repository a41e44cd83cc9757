"""An ONNX file's bytes to a model that is known to be sound: parsed, checked by onnx, its own functions inlined.

Weights stay where they are: what is checked and carried through the profile holds only those that may say a shape.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator, Mapping
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from infractl.errors import ModelError
from infractl.profile.declaration import check_declarations, check_model, complete, incomplete
from infractl.profile.external_data import is_external
from infractl.profile.flaw import damaged, unsound
from infractl.profile.tensor import MOST_VALUE_ELEMENTS
from infractl.profile.tensor_types import DEFAULT_DOMAINS, name_axes

if TYPE_CHECKING:
    from onnx import FunctionProto, GraphProto, ModelProto, NodeProto, TensorProto

MOST_NODES = 1_000_000
"""A model whose functions call each other can be a thousand times larger than its file. Such a one is not opened."""

_TERM = r"[A-Za-z]*(?:\.\.\.[A-Za-z]*)?"
_EINSUM = re.compile(rf"{_TERM}(?:,{_TERM})*(?:->{_TERM})?")


def parse(data: bytes, path: Path) -> ModelProto:
    import onnx
    from google.protobuf.message import DecodeError

    if not data:
        raise damaged(path, "the file is empty")
    try:
        return onnx.load_model_from_string(data)
    except DecodeError as error:
        raise damaged(path, "it is no ONNX model, or a damaged one") from error


def sound(model: ModelProto, path: Path) -> ModelProto:
    """The model without large weights, its functions inlined, shapes told. Raises ModelError where onnx finds it wrong.

    It is strict: shapes and types that contradict each other fail here, as they would when an engine opens the model.
    Operators of domains that onnx does not know pass, and tell no shapes.
    """
    import onnx
    from onnx import inliner

    _check_opset(model, path)
    _check_size(model, path)
    _check_equations(model, path)
    check_declarations(model.graph, path)
    light, large = _without_weights(model, path)
    left_out, weights = incomplete(light.graph), {*large, *(tensor.name for tensor in model.graph.initializer)}
    unnamed = itertools.count()
    try:
        check_model(light, left_out)
        whole = inliner.inline_local_functions(light) if light.functions else light
        name_axes(whole.graph, weights, unnamed)
        told = onnx.shape_inference.infer_shapes(whole, check_type=True, strict_mode=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError, RuntimeError, ValueError, TypeError) as error:
        raise unsound(path, _first_line(error)) from error
    complete(told.graph, left_out, path)
    name_axes(told.graph, weights, unnamed)
    _with_weights(told.graph, large, {value.name for value in model.graph.input})
    return told


def _check_opset(model: ModelProto, path: Path) -> None:
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


def _check_size(model: ModelProto, path: Path) -> None:
    """Before its functions are put where they are called: a few of them that call each other twice would fill any memory."""
    functions = {(f.domain, f.name): f for f in model.functions}
    sizes: dict[tuple[str, str], int] = {}

    def size(key: tuple[str, str], callers: tuple[tuple[str, str], ...]) -> int:
        if key in callers or len(callers) > 100:
            raise unsound(path, f"the function {key[1]} calls itself")
        if key not in sizes:
            sizes[key] = sum(size_of(node, (*callers, key)) for node in _nodes(functions[key]))
        return sizes[key]

    def size_of(node: NodeProto, callers: tuple[tuple[str, str], ...]) -> int:
        called = (node.domain, node.op_type)
        return size(called, callers) if called in functions else 1

    total = sum(size_of(node, ()) for node in _nodes(model.graph))
    if total > MOST_NODES:
        raise unsound(path, f"it has {total} nodes when its functions are put where they are called, more than {MOST_NODES}")


def _check_equations(model: ModelProto, path: Path) -> None:
    """onnx reads an Einsum's equation for ever where a character is out of place."""
    for graph in (model.graph, *model.functions):
        for node in _nodes(graph):
            for attribute in node.attribute if node.op_type == "Einsum" else ():
                equation = attribute.s.decode("utf-8", "replace").replace(" ", "")
                if attribute.name == "equation" and not _EINSUM.fullmatch(equation):
                    raise unsound(path, f"{equation!r} is no equation of an Einsum")


def _nodes(graph: GraphProto | FunctionProto) -> Iterator[NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (*([attribute.g] if attribute.HasField("g") else ()), *attribute.graphs):
                yield from _nodes(inner)


def _without_weights(model: ModelProto, path: Path) -> tuple[ModelProto, dict[str, TensorProto]]:
    """The model with its large weights declared as inputs, which is all that checks and inference need to know of them.

    And these by name, without their elements.
    """
    from onnx import GraphProto, ModelProto, helper

    given = model.graph
    graph = GraphProto(name=given.name, input=given.input, output=given.output, value_info=given.value_info)
    graph.sparse_initializer.extend(given.sparse_initializer)
    graph.initializer.extend(tensor for tensor in given.initializer if _is_small(tensor))
    graph.node.extend(node for node in given.node if _large_constant(node) is None)
    large = {tensor.name: tensor for tensor in given.initializer if not _is_small(tensor)}
    large |= {node.output[0]: tensor for node in given.node if (tensor := _large_constant(node)) is not None}
    listed = {value.name for value in given.input}
    for name, tensor in large.items():
        _check_tensor(tensor, path)
        if name not in listed:
            graph.input.append(helper.make_tensor_value_info(name, tensor.data_type, tensor.dims))
    light = ModelProto(ir_version=model.ir_version, graph=graph, opset_import=model.opset_import, functions=model.functions)
    return light, {name: _without_elements(name, tensor) for name, tensor in large.items()}


def _with_weights(graph: GraphProto, large: Mapping[str, TensorProto], listed: Collection[str]) -> None:
    """The large weights in their place again; `listed` are the inputs that the file has."""
    kept = [value for value in graph.input if value.name not in large or value.name in listed]
    del graph.input[:]
    graph.input.extend(kept)
    graph.initializer.extend(large.values())


def _large_constant(node: NodeProto) -> TensorProto | None:
    """What a Constant holds that is a weight like an initializer."""
    if node.op_type != "Constant" or node.domain not in DEFAULT_DOMAINS or len(node.output) != 1:
        return None
    return next((a.t for a in node.attribute if a.name == "value" and not _is_small(a.t)), None)


def _is_small(tensor: TensorProto) -> bool:
    return prod(tensor.dims) <= MOST_VALUE_ELEMENTS and not is_external(tensor)


def _without_elements(name: str, tensor: TensorProto) -> TensorProto:
    from onnx import TensorProto

    return TensorProto(
        name=name,
        data_type=tensor.data_type,
        dims=tensor.dims,
        external_data=tensor.external_data,
        data_location=tensor.data_location,
    )


def _check_tensor(tensor: TensorProto, path: Path) -> None:
    """One that lies in another file is checked where the files are."""
    import onnx

    try:
        if not is_external(tensor):
            onnx.checker.check_tensor(tensor)
    except onnx.checker.ValidationError as error:
        raise unsound(path, _first_line(error)) from error
    if any(size < 0 for size in tensor.dims):
        raise unsound(path, f"the weight {tensor.name} has an axis of negative size")


def _first_line(error: Exception) -> str:
    """What onnx says first, without its own names for errors."""
    line = next(iter(str(error).strip().splitlines()), "")
    return re.sub(r"\[\w+Error\] |Inference error\(s\): ", "", line) or type(error).__name__
