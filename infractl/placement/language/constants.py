"""The few constants that lie between a data sheet and what an engine does with a chip. Their values are in `fitted`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean

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
"""A wider operand counts as one of 16 bits: no language model is measured at it."""


def halvings(precision: Precision) -> int:
    """How often operands of 16 bits are halved to this. Raises KeyError for INT4, which is only stored, never computed in."""
    return _HALVINGS[precision]


@dataclass(frozen=True, slots=True, kw_only=True)
class Constants:
    """Shares of the data sheet's memory bandwidth, of its peak at 16 bits and of its link that are realised, and fixed times.

    Each halving of the operands realises `narrowing` of the share before: conversions, scales and accumulation take a larger
    part of a shorter product. `layer_s` goes to the kernels' launches and all that is fixed in a dense layer, `all_reduce_s` to
    each of the two reductions of any layer. `engines` is the time of an engine over the fastest one's. `request_s` is what lies
    before and after the chip's work on a request until its first token is seen: low, expected, high.
    `error` is the true time per token over the computed one, at the ends of an 80% interval, where neither the model nor the
    chip was among those that the constants were fitted on (`chips`, all of `makers`).
    """

    memory: float
    compute: float
    narrowing: float
    link: float
    layer_s: float
    all_reduce_s: float
    engines: Mapping[str, float]
    request_s: tuple[float, float, float]
    error: tuple[float, float]
    chips: tuple[str, ...]
    makers: tuple[str, ...]
    source: str

    def compute_share(self, precision: Precision) -> float:
        """Of the peak at this precision."""
        return self.compute * self.narrowing ** halvings(precision)

    def engine(self, name: str | None) -> float:
        """The engine's factor; the geometric mean of those that are known where it is not said which."""
        if name is not None and name in self.engines:
            return self.engines[name]
        return math.exp(fmean(math.log(factor) for factor in self.engines.values())) if self.engines else 1.0

    def engine_spread(self, name: str | None) -> float:
        """How far a known engine lies from that factor at most."""
        own = self.engine(name)
        return 1.0 if name in self.engines else max((max(each / own, own / each) for each in self.engines.values()), default=1.0)
