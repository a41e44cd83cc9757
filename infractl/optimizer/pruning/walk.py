"""The walk through a graph that tells which channel lies where: along the axes of activations, of weights and in shapes.

What an operator does to channels is told by the rules; here is what they share, and what is kept where there is no rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from infractl.optimizer.pruning.channel import Channels, Ids
from infractl.optimizer.pruning.graph import PLAIN_DOMAINS, Graph
from infractl.tensors import Tensor

if TYPE_CHECKING:
    from onnx import NodeProto

Labels: TypeAlias = "dict[int, Ids]"
"""By axis: the channels along it."""


class Role(StrEnum):
    """What a constant does with the channels along one of its axes."""

    makes = "makes"
    reads = "reads"
    follows = "follows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """An axis of a constant, at one input of one node, along which channels lie."""

    node: int
    input: int
    axis: int
    ids: Ids
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A number that says how many channels there are: an entry of a constant input, or (`input` None) the attribute `group`."""

    node: int
    input: int | None
    entry: int
    ids: Ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A node that multiplies by a constant matrix: `weight` is its place, `reads` and `makes` are axes of it.

    `read` are the channels along axis `axis` of `taken`, None where they come from no layer; `made` those of what it gives.
    """

    node: int
    weight: int
    reads: int
    makes: int
    taken: str
    axis: int
    given: str
    read: Ids | None
    made: Ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """What is known so far. `labels` are by tensor; one without channels that anyone could remove is not in it."""

    graph: Graph
    channels: Channels = field(default_factory=Channels)
    labels: dict[str, Labels] = field(default_factory=dict)
    slots: list[Slot] = field(default_factory=list)
    counts: list[Count] = field(default_factory=list)
    layers: list[Layer] = field(default_factory=list)

    def of(self, tensor: str) -> Labels:
        return self.labels.get(tensor, {})

    def put(self, tensor: str, labels: Labels) -> None:
        if labels:
            self.labels[tensor] = labels

    def freeze(self, tensor: str, why: str) -> None:
        """Whatever lies along any axis of it stays."""
        for ids in self.of(tensor).values():
            self.channels.freeze(ids, why)

    def freeze_node(self, node: NodeProto, why: str) -> None:
        for name in node.input:
            self.freeze(name, why)

    def constant(self, node: NodeProto, place: int) -> Tensor | None:
        return self.graph.constants.get(node.input[place]) if len(node.input) > place else None

    def slot(self, node: int, place: int, axis: int, ids: Ids, role: Role = Role.follows) -> None:
        self.slots.append(Slot(node=node, input=place, axis=axis, ids=ids, role=role))


Rule: TypeAlias = Callable[[Walk, int, "NodeProto"], None]


def walk(graph: Graph, rules: Mapping[str, Rule]) -> Walk:
    """Follows the channels from the layers that make them to those that read them."""
    found = Walk(graph=graph)
    for index, node in enumerate(graph.nodes):
        rule = rules.get(node.op_type) if node.domain in PLAIN_DOMAINS else None
        if rule is None:
            found.freeze_node(node, f"{node.op_type} is not followed")
        else:
            rule(found, index, node)
    for name in graph.captured:
        found.freeze(name, "a subgraph reads them")
    for name in graph.outputs:
        found.freeze(name, "the model gives them out")
    return found
