"""The few constants that lie between a data sheet and what an engine does with a chip. Their values are in `fitted`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from infractl.domain.precision import Precision

_HALVINGS = {
    Precision.fp32: 0,
    Precision.tf32: 0,
    Precision.bf16: 0,
    Precision.fp16: 0,
    Precision.fp8: 1,
    Precision.int8: 1,
    Precision.fp4: 2,
}
"""How often an operand of 16 bits is halved. A wider one counts as 16 bits: no language model is measured at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Constants:
    """Shares of the data sheet's memory bandwidth, of its peak at 16 bits and of its link that are realised, and fixed times.

    Each halving of the operands realises `narrowing` of the share before: conversions, scales and accumulation take a larger
    part of a shorter product. `layer_s` goes to the kernels' launches and all that is fixed in a layer, `all_reduce_s` to each
    of its two reductions. `engines` is the time of an engine over the fastest one's.
    `known` and `unknown` are the true time over the predicted one, at the ends of an 80% interval: for a chip that the
    constants were fitted on (`chips`), and for another.
    """

    memory: float
    compute: float
    narrowing: float
    link: float
    layer_s: float
    all_reduce_s: float
    engines: Mapping[str, float]
    known: tuple[float, float]
    unknown: tuple[float, float]
    chips: tuple[str, ...]
    source: str

    def compute_share(self, precision: Precision) -> float:
        """Of the peak at this precision."""
        return self.compute * self.narrowing ** _HALVINGS[precision]

    def engine(self, name: str | None) -> float:
        """The engine's factor; the geometric mean of those that are known where it is not said which."""
        if name is not None and name in self.engines:
            return self.engines[name]
        product = 1.0
        for factor in self.engines.values():
            product *= factor
        return float(product ** (1 / len(self.engines))) if self.engines else 1.0
