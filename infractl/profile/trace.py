"""What one evaluation of a graph at given sizes found: the work of each node, the control flow that was bounded, memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from infractl.domain.work import Family, Work
from infractl.profile.tensor import Tensor
from infractl.tensors import Dtype

Place = tuple[int | str, ...]
"""Where a node is: its number in the graph, then the body that it holds, then a number in that."""


@dataclass(frozen=True, slots=True)
class Step:
    """A node that is run. `work` is None where its cost is not known."""

    place: Place
    name: str
    label: str
    work: Work | None


@dataclass(frozen=True, slots=True)
class Trace:
    """`live_bytes`: what activations take at each instruction of the graph, what its bodies take among them.

    `contradictions` are the nodes that do not fit these sizes. `folded_bytes` and `folded_flops` are what the nodes give and cost
    that take nothing but weights; infinite where that is not known.
    """

    steps: tuple[Step, ...] = ()
    outputs: tuple[Tensor | None, ...] = ()
    live_bytes: tuple[float, ...] = ()
    bounded: frozenset[str] = frozenset()
    contradictions: int = 0
    folded_bytes: float = 0.0
    folded_flops: float = 0.0

    @property
    def dearness(self) -> float:
        """Operations and bytes together: enough to tell which of two branches takes longer."""
        known = (step.work for step in self.steps if step.work)
        return sum(work.flops + work.activation_bytes + work.weight_bytes for work in known)

    @property
    def peak_bytes(self) -> float:
        return max(self.live_bytes, default=0.0)

    @property
    def uncosted(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.work is None)


@dataclass(slots=True)
class TraceBuilder:
    """Collects while a graph is walked."""

    steps: list[Step] = field(default_factory=list)
    bounded: set[str] = field(default_factory=set)
    contradictions: int = 0
    folded_bytes: float = 0.0
    folded_flops: float = 0.0
    families: dict[int, Family] = field(default_factory=dict)
    """Of each instruction that was costed, by its number."""
    inner_bytes: dict[int, float] = field(default_factory=dict)
    """What the bodies of an instruction take at their worst."""

    def join(self, inner: Trace, steps: Sequence[Step]) -> None:
        """Take over what a body's evaluation found."""
        self.steps.extend(steps)
        self.bounded |= inner.bounded
        self.contradictions += inner.contradictions
        self.folded_bytes = max(self.folded_bytes, inner.folded_bytes)
        self.folded_flops += inner.folded_flops


def control(label: str) -> Work:
    """What a node costs by itself that only decides which others run: the engine's dispatch, and nothing besides."""
    return Work(family=Family.view, operator=label, dtype=Dtype.float32, flops=0.0, weight_bytes=0.0, activation_bytes=0.0)


def repeated(step: Step, times: int) -> Step:
    """The step run one round after the other: its operations and activations add up, what it reads of weights stays the same."""
    if step.work is None:
        return step
    work = replace(
        step.work,
        flops=step.work.flops * times,
        activation_bytes=step.work.activation_bytes * times,
        steps=step.work.steps * times,
    )
    return replace(step, work=work)


def known_only(values: Mapping[str, Tensor | None]) -> Mapping[str, Tensor]:
    return {name: known for name, known in values.items() if known is not None}
