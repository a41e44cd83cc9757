"""What a model costs to run, read off its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from infractl.domain.polynomial import Polynomial
from infractl.tensors import Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorCost:
    """One node: floating-point operations, bytes of weights read, and bytes of activations read and written."""

    name: str
    operator: str
    flops: Polynomial
    weight_bytes: float
    activation_bytes: Polynomial


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelProfile:
    """A model's signature and costs as functions of its dynamic dimensions; `batch` names the one that requests are joined along.

    `uncosted` counts the nodes, by operator, whose cost is not known: the totals are floors then, never silently whole.
    """

    format: str
    digest: str
    size_bytes: int
    signature: Signature
    batch: str | None
    parameters: int
    operators: tuple[OperatorCost, ...]
    uncosted: tuple[tuple[str, int], ...]

    @property
    def flops(self) -> Polynomial:
        return sum((o.flops for o in self.operators), Polynomial())

    @property
    def activation_bytes(self) -> Polynomial:
        return sum((o.activation_bytes for o in self.operators), Polynomial())

    @property
    def weight_bytes(self) -> float:
        return sum(o.weight_bytes for o in self.operators)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The names of the dynamic axes of the inputs, in order."""
        return tuple(dict.fromkeys(d for t in self.signature.inputs for d in t.shape if isinstance(d, str)))

    def sizes(self, batch: int) -> Mapping[str, float]:
        """The dimensions' sizes for a batch. One whose size nobody knows counts as 1: what is computed with it is a floor."""
        return {name: float(batch) if name == self.batch else 1.0 for name in self.dimensions}
