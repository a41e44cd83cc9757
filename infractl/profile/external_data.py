"""Weights that an ONNX file keeps in other files: where they are, that they stay inside the project, and how large they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import ceil, prod
from pathlib import Path
from typing import TYPE_CHECKING

from infractl.errors import ModelError
from infractl.profile.tensor_types import element_bytes

if TYPE_CHECKING:
    from onnx import AttributeProto, GraphProto, ModelProto, TensorProto

MOST_SHAPE_ELEMENTS = 1024
"""More axes than any tensor has, and the size that onnx itself keeps in the model's file."""


def has_external(model: ModelProto) -> bool:
    """Whether the model keeps anything in other files."""
    return any(True for _ in _external_tensors(model))


def external_bytes(model: ModelProto, path: Path, project_root: Path) -> int:
    """The size of all files that the model keeps weights in. Raises ModelError for one that is outside, missing or too short."""
    files = {_file(tensor, path, project_root) for tensor in _external_tensors(model)}
    return sum(f.stat().st_size for f in files)


def load_small(model: ModelProto, path: Path) -> tuple[bytes, ...]:
    """Take tensors that may say a shape, such as a Reshape's, into the model: inference reads their values. Gives what was read.

    Only after `external_bytes` found nothing wrong with where they are kept. Raises ModelError for one that cannot be read.
    """
    from onnx import TensorProto

    loaded = []
    for tensor in _external_tensors(model):
        elements = prod(int(size) for size in tensor.dims)
        size = element_bytes(tensor.data_type)
        if size is None or not 0 <= elements <= MOST_SHAPE_ELEMENTS:
            continue
        entries = _entries(tensor)
        try:
            with (path.parent / entries["location"]).open("rb") as file:
                file.seek(_number(entries, "offset", path))
                # No more than it needs, whatever length it claims.
                tensor.raw_data = file.read(ceil(elements * size))
        except OSError as error:
            raise ModelError.of(
                "model-data-missing",
                summary="a file of the model's weights is missing or too short",
                detail=f"{tensor.name} is kept in {entries['location']!r}: {error.strerror or error}",
                at=str(path),
                remedy="make the weights' file readable",
            ) from error
        # Where it lay stays told: two tensors of one place are tied.
        tensor.data_location = TensorProto.DEFAULT
        loaded.append(tensor.raw_data)
    return tuple(loaded)


def _file(tensor: TensorProto, path: Path, project_root: Path) -> Path:
    entries = _entries(tensor)
    location = entries.get("location", "")
    file = (path.parent / location).resolve()
    if not location or Path(location).is_absolute() or not file.is_relative_to(project_root.resolve()):
        raise ModelError.of(
            "model-data-outside",
            summary="the model reads weights from outside the project",
            detail=f"{tensor.name} is kept in {location!r}",
            at=str(path),
            remedy="keep the weights in a file beside the model, and refer to it by its name alone",
        )
    needed = _number(entries, "offset", path) + _number(entries, "length", path)
    if not file.is_file() or file.stat().st_size < needed:
        raise ModelError.of(
            "model-data-missing",
            summary="a file of the model's weights is missing or too short",
            detail=f"{tensor.name} is kept in {location!r}" + (f", which must hold {needed} bytes" if needed else ""),
            at=str(path),
            remedy="copy the weights' file that was exported with the model beside it",
        )
    return file


def _entries(tensor: TensorProto) -> dict[str, str]:
    return {e.key: e.value for e in tensor.external_data}


def _number(entries: dict[str, str], key: str, path: Path) -> int:
    text = entries.get(key, "0")
    if not text.isdecimal():
        raise ModelError.of(
            "model-unreadable",
            summary="the model file cannot be read",
            detail=f"{key} {text!r} of external data is no number of bytes",
            at=str(path),
            remedy="export the model again",
        )
    return int(text)


def _external_tensors(model: ModelProto) -> Iterator[TensorProto]:
    yield from _in_graph(model.graph)
    for function in model.functions:
        for node in function.node:
            yield from _in_attributes(node.attribute)


def _in_graph(graph: GraphProto) -> Iterator[TensorProto]:
    sparse = [t for s in graph.sparse_initializer for t in (s.values, s.indices)]
    yield from filter(is_external, [*graph.initializer, *sparse])
    for node in graph.node:
        yield from _in_attributes(node.attribute)


def _in_attributes(attributes: Iterable[AttributeProto]) -> Iterator[TensorProto]:
    for attribute in attributes:
        yield from filter(is_external, [attribute.t, *attribute.tensors])
        for graph in [attribute.g, *attribute.graphs]:
            yield from _in_graph(graph)


def is_external(tensor: TensorProto) -> bool:
    from onnx import TensorProto

    return tensor.data_location == TensorProto.EXTERNAL
