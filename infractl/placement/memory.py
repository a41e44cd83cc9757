"""What a replica takes of its host's memory at the most: while its sessions are opened, or while all of them answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import prod

from infractl.domain.figure import Basis, Figure
from infractl.domain.profile import ModelProfile
from infractl.domain.work import Family
from infractl.placement.same import Same
from infractl.tensors import TensorSpec

USABLE_SHARE = 0.9
"""Of the host's memory: the rest is the system's."""
SERVER_ERROR, MODEL_ERROR = (0.85, 1.2), (0.75, 1.5)
"""The true memory over the rule's: of the server by itself and of what a model adds. The command below found the one within 2%,
and nine in ten of 45 models in 4 shapes between 0.79 and 1.28 (Intel Xeon, ONNX Runtime 1.32); elsewhere libraries differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryRule:
    """What goes with what, by `python -m benchmarks.models.memory_rule` from models that no benchmark judges.

    Weights are in times of their bytes in the file: `kept` by each session, and `opening`, free again once one is open.
    `read_bytes` are for each number of the one request that is read at a time, as text and as objects, `held_bytes` for each
    that a session has got or gives. Activations take more than their peak: the engine keeps what former sizes took.
    """

    server_bytes: float = 74.7 * 2**20
    kept: float = 1.5
    trees_kept: float = 5.2
    convolutions_opening: float = 1.7
    trees_opening: float = 7.5
    activations: float = 2.0
    read_bytes: float = 150.0
    held_bytes: float = 14.0


RULE = MemoryRule()


def replica_memory(
    profile: ModelProfile, *, instances: int, batch: int, extents: Mapping[str, int] | None = None, rule: MemoryRule = RULE
) -> Figure:
    """One server with `instances` sessions of the model, each with a batch in it, which came as one request."""
    sizes, (convolutions, trees) = profile.sizes(batch, extents), _convolutions_and_trees(Same(profile))
    got, given = (_elements(specs, sizes) for specs in (profile.signature.inputs, profile.signature.outputs))
    kept = rule.kept * max(0.0, profile.size_bytes - trees) + rule.trees_kept * trees
    opening = rule.convolutions_opening * convolutions + rule.trees_opening * trees
    call = rule.activations * profile.peak_bytes(sizes) + rule.held_bytes * (got + given)
    added = instances * kept + max(opening, instances * call + rule.read_bytes * got)
    return Figure(
        value=rule.server_bytes + added,
        unit="B",
        low=SERVER_ERROR[0] * rule.server_bytes + MODEL_ERROR[0] * added,
        high=SERVER_ERROR[1] * rule.server_bytes + MODEL_ERROR[1] * added,
        basis=Basis.estimated,
        source="a rule from other models: the server, and for each session its weights, activations and a request",
    )


@lru_cache(maxsize=256)
def _convolutions_and_trees(of: Same) -> tuple[float, float]:
    """Bytes of the file: what convolutions read, and, where there are trees, all that no other operator reads."""
    profile: ModelProfile = of.value
    read = [(operator.family, operator.weight_bytes) for operator in profile.run.operators]
    convolutions = sum(size for family, size in read if family in (Family.convolution, Family.depthwise))
    if all(family is not Family.tree for family, _ in read):
        return convolutions, 0.0
    return convolutions, max(0.0, profile.size_bytes - sum(size for family, size in read if family is not Family.tree))


def _elements(specs: Iterable[TensorSpec], sizes: Mapping[str, float]) -> float:
    """How many numbers the tensors hold; an axis whose size nobody knows counts as 1."""
    return sum(prod(sizes.get(axis, 1.0) if isinstance(axis, str) else axis for axis in spec.shape) for spec in specs)
