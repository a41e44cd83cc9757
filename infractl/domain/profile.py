"""What a model costs to run, read off its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from infractl.domain.polynomial import Polynomial
from infractl.domain.work import Family, Product, Work
from infractl.tensors import Dtype, Signature

ONCE = Polynomial({(): 1.0})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductCost:
    """`count` matrix products of `rows` x `depth` by `depth` x `columns`, as functions of the dimensions."""

    count: Polynomial
    rows: Polynomial
    depth: Polynomial
    columns: Polynomial

    def at(self, dimensions: Mapping[str, float]) -> Product:
        return Product(
            count=max(0.0, self.count.at(dimensions)),
            rows=max(0.0, self.rows.at(dimensions)),
            depth=max(0.0, self.depth.at(dimensions)),
            columns=max(0.0, self.columns.at(dimensions)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorCost:
    """One node: what `Work` tells of it, as functions of the model's named dimensions.

    `operator` is the node's own, with its domain; `timed_as` the one whose time it follows, where that has another name.
    """

    name: str
    operator: str
    family: Family
    dtype: Dtype
    flops: Polynomial
    weight_bytes: float
    activation_bytes: Polynomial
    product: ProductCost | None = None
    steps: Polynomial = ONCE
    trees: float = 0.0
    depth: float = 0.0
    timed_as: str = ""

    @property
    def kernel(self) -> str:
        """The operator that calibration times in its place."""
        return self.timed_as or self.operator

    def at(self, dimensions: Mapping[str, float]) -> Work:
        """Where each dimension has the given size. Raises KeyError for a dimension that is not given.

        A window that slides over a length costs nothing where the length is shorter, never less than nothing.
        """
        return Work(
            family=self.family,
            operator=self.kernel,
            dtype=self.dtype,
            flops=max(0.0, self.flops.at(dimensions)),
            weight_bytes=self.weight_bytes,
            activation_bytes=max(0.0, self.activation_bytes.at(dimensions)),
            product=self.product.at(dimensions) if self.product else None,
            steps=max(0.0, self.steps.at(dimensions)),
            trees=self.trees,
            depth=self.depth,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """The operators of one run. `uncosted` counts the nodes, by operator, whose cost is not known: totals are floors then.

    `bounded` names the control flow that is costed by a bound: of an If the dearer branch, of a loop its most rounds.
    """

    operators: tuple[OperatorCost, ...]
    uncosted: tuple[tuple[str, int], ...] = ()
    bounded: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ModelProfile:
    """A model's signature and costs as functions of its dynamic dimensions; `batch` names the one that requests are joined along.

    `given` is the graph as the file has it; `executed` what ONNX Runtime makes of it on a CPU when it opens it, fused and laid
    out anew, or None where that was not asked or cannot be had.
    `live_bytes` are the activations alive at the moments that may be the worst: the peak is the largest of them.
    `weights_bytes` is what all weights take together, each counted once however many operators read it.
    `sampled` are the sizes of each dimension at which it was evaluated; `deviation` is the part of the whole by which the costs
    in `given` miss at the last of them: 0 where they are polynomials, and above where strides and windows round.
    """

    format: str
    digest: str
    size_bytes: int
    signature: Signature
    batch: str | None
    parameters: int
    weights_bytes: float
    given: Execution
    executed: Execution | None = None
    live_bytes: tuple[Polynomial, ...] = ()
    sampled: tuple[tuple[str, tuple[int, ...]], ...] = ()
    deviation: float = 0.0

    @property
    def run(self) -> Execution:
        """What is executed as far as that is known, else the graph as it is given."""
        return self.executed or self.given

    @property
    def flops(self) -> Polynomial:
        return sum((o.flops for o in self.given.operators), Polynomial())

    @property
    def activation_bytes(self) -> Polynomial:
        """Read and written by all operators together: traffic, not what is alive at once."""
        return sum((o.activation_bytes for o in self.given.operators), Polynomial())

    def peak_bytes(self, dimensions: Mapping[str, float]) -> float:
        """The most that activations take at once."""
        return max((live.at(dimensions) for live in self.live_bytes), default=0.0)

    @cached_property
    def dimensions(self) -> tuple[str, ...]:
        """The names of the dynamic axes of the inputs, in order."""
        return tuple(dict.fromkeys(d for t in self.signature.inputs for d in t.shape if isinstance(d, str)))

    def sizes(self, batch: int, extents: Mapping[str, int] | None = None) -> Mapping[str, float]:
        """The dimensions' sizes for a batch, the others by their usual `extents`.

        One whose size nobody knows counts as 1: what is computed with it is a floor.
        """
        usual = extents or {}
        return {name: float(batch if name == self.batch else usual.get(name, 1)) for name in self.dimensions}
