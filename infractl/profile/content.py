"""The profile of one ONNX model's content, from its graph and from the graph that the engine makes of it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from infractl.domain.profile import ModelProfile
from infractl.profile.cached import cached
from infractl.profile.dimension import dimensions_of
from infractl.profile.executed import executed_program, is_openable
from infractl.profile.external_data import external_bytes, has_external, load_small
from infractl.profile.graph import Graph, Sampled
from infractl.profile.program import program_of
from infractl.profile.read import parse, sound
from infractl.profile.rule.work import work_of
from infractl.profile.tensor_types import signature
from infractl.profile.weight import weights_of
from infractl.tensors import Signature

if TYPE_CHECKING:
    from onnx import ModelProto


def profile_content(data: bytes, path: Path, project_root: Path) -> ModelProfile:
    """Profile the model `data` of the file at `path`; it is kept. Raises ModelError, as `profile_onnx` says."""
    model = parse(data, path)
    if not has_external(model):
        return cached((data,), lambda: _profile(path, data, model, 0))
    beside_bytes = external_bytes(model, path, project_root)
    shapes = load_small(model, path) if beside_bytes else ()
    # What lies beside the model is not read but for shapes: they and its size are all that a profile takes from it.
    return cached((data, str(beside_bytes).encode(), *shapes), lambda: _profile(path, data, model, beside_bytes))


def _profile(path: Path, data: bytes, model: ModelProto, beside_bytes: int) -> ModelProfile:
    whole = sound(model, path)
    known = signature(whole.graph, path)
    graph = Graph(program_of(whole), known.inputs, work_of)
    given = graph.sampled(dimensions_of(known.inputs))
    executed = _executed(path, known, graph, given, len(data) + beside_bytes)
    weights = weights_of(whole.graph)
    return ModelProfile(
        format="onnx",
        digest=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data) + beside_bytes,
        signature=known,
        batch=str(known.inputs[0].shape[0]) if known.inputs and known.batched else None,
        parameters=weights.parameters,
        weights_bytes=weights.bytes,
        given=given.costed.execution,
        executed=executed.costed.execution if executed else None,
        live_bytes=(executed or given).costed.live_bytes,
        sampled=tuple((axis.name, (*axis.sizes, axis.check)) for axis in given.grid.axes),
        deviation=given.costed.deviation,
    )


def _executed(path: Path, known: Signature, graph: Graph, given: Sampled, size_bytes: int) -> Sampled | None:
    """The costs of the engine's graph at the sizes that were found for the given one."""
    if not is_openable(graph.trace(given.dimensions, given.grid.check, {}), size_bytes):
        return None
    program = executed_program(path)
    if program is None:
        return None
    costed = Graph(program, known.inputs, work_of).costed(given.dimensions, given.grid)
    return Sampled(dimensions=given.dimensions, grid=given.grid, costed=costed)
