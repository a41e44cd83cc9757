"""A model with its weights in one file: what passes take, and what an artifact is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infractl.domain.value import Json
from infractl.optimizer.passes.contract import PassRefusedError
from infractl.optimizer.passes.onnx_file import MOST_BYTES, graphs, write_model

if TYPE_CHECKING:
    from onnx import ModelProto, TensorProto


def whole(job: Mapping[str, Any], directory: Path, tell: Callable[[str], None]) -> Mapping[str, Json]:
    """A copy that has all weights in it. Raises PassRefusedError where they do not fit into one file."""
    import onnx

    given = Path(job["model"])
    tell("taking the weights into one file")
    beside = {t.external_data[0].value: t for t in external(onnx.load(given, load_external_data=False))}
    size = given.stat().st_size + sum((given.parent / name).stat().st_size for name in beside)
    if size > MOST_BYTES:
        raise PassRefusedError("too-large", f"one ONNX file holds at most {MOST_BYTES} bytes, and this model takes {size}")
    return {"model": str(write_model(onnx.load(given), directory / "model.onnx"))}


def is_in_parts(model: Path) -> bool:
    """Whether the ONNX file at `model` keeps weights in other files."""
    import onnx

    return any(True for _ in external(onnx.load(model, load_external_data=False)))


def external(model: ModelProto) -> Iterator[TensorProto]:
    """The tensors that are kept in other files."""
    from onnx import TensorProto

    for graph in graphs(model.graph):
        own = (*graph.initializer, *(a.t for node in graph.node for a in node.attribute if a.HasField("t")))
        yield from (tensor for tensor in own if tensor.data_location == TensorProto.EXTERNAL)
