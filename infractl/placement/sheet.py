"""How long operators take on a chip that nobody calibrated: its data sheet, and what chips of its design realise of theirs.

The roofline of Williams, Waterman and Patterson, CACM 2009, operator by operator:
`seconds = max(operations / (peak · share), bytes / (bandwidth · share)) + launch`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infractl.domain.chip import Chip
from infractl.domain.figure import Figure
from infractl.domain.precision import Precision
from infractl.domain.profile import ModelProfile, OperatorCost
from infractl.domain.unknown import Unknown
from infractl.domain.work import Family
from infractl.hardware.efficiency import Efficiency, Priors, efficiency
from infractl.placement.work_table import WorkTable
from infractl.tensors import Dtype

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_FOLDED_FAMILIES = frozenset({Family.elementwise, Family.transcendental, Family.view})
_FOLDED = frozenset({"BatchNormalization", "Transpose", "Cast", "QuantizeLinear", "DequantizeLinear"})
"""What compilers for accelerators (TensorRT, XLA, Neuron) compute within the product or the convolution beside it."""
_TILED = (Family.convolution, Family.product, Family.recurrent)
"""What a processor computes at the recipe's precision; all else in fp32."""
_TILE_BYTES, _TILE_COLUMNS = 32.0, 16.0
"""What a matrix unit takes at once: so many bytes of each row, for so many columns (`mma` of NVIDIA's PTX: m16n8k32 for eight
bits, of which weights are the sixteen). Vector units of a processor are about as wide."""
_NARROWED = frozenset({Dtype.float16, Dtype.bfloat16, Dtype.float32, Dtype.float64})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sheet:
    """A chip at one precision, with the shares that it realises taken off. `cores` are a processor's, 0 for an accelerator."""

    precision: Precision
    flops_per_s: Mapping[Family, float]
    bytes_per_s: float
    near_bytes_per_s: float
    efficiency: Efficiency
    cores: int

    def runs(self, profile: ModelProfile) -> tuple[OperatorCost, ...]:
        """The operators that take time there: a processor executes what its engine made of the graph."""
        if not self.efficiency.folds:
            return profile.run.operators
        return tuple(operator for operator in profile.given.operators if not _folded(operator))

    def padded(self, size: int) -> int:
        """The size that is computed for so many: what is compiled for powers of two is filled up to the next."""
        return 1 << max(0, size - 1).bit_length() if self.efficiency.buckets else size

    def share(self, instances: int, threads: int) -> float:
        """What one of so many instances has of the chip while all are busy."""
        return min(1.0, threads / self.cores) if self.cores else 1 / instances

    def operator_s(self, kind: OperatorCost, works: WorkTable, share: float = 1.0) -> Array:
        """Seconds for each row of a table of works that are all of the operator's kind, on a share of the chip."""
        import numpy as np

        if kind.family is Family.view:
            return np.zeros(len(works.flops))
        scale = self._narrowed(kind.dtype)
        # Of an ensemble of trees only the nodes on the way are read, which its comparisons count.
        weights = 0.0 if kind.family is Family.tree else works.weight_bytes
        activations = scale * works.activation_bytes
        far_s = (scale * weights + self.efficiency.activations * activations) / self.bytes_per_s
        near_s = activations / self.near_bytes_per_s
        compute_s = works.flops * self._tiled(kind, works) / self.flops_per_s.get(kind.family, float("inf"))
        busy_s = np.maximum(compute_s, np.maximum(far_s, near_s))
        found: Array = busy_s / share + self.efficiency.launch_s * self._launches(kind, works)
        return found

    def _launches(self, kind: OperatorCost, works: WorkTable) -> Array:
        """How many kernels an operator is. The two products of an attention, which have no weights, are one together."""
        import numpy as np

        joined = self.efficiency.folds and kind.family is Family.product
        found: Array = np.where(joined & (works.weight_bytes == 0), 0.5, np.maximum(works.steps, 1.0))
        return found

    def _tiled(self, kind: OperatorCost, works: WorkTable) -> Array:
        """The operations of whole tiles over those that are asked for: groups of four channels fill a quarter of each."""
        import numpy as np

        if kind.product is None or kind.family not in _TILED:
            return np.ones_like(works.flops)
        found = np.ones_like(works.flops)
        for size, tile in ((works.depth, _TILE_BYTES / self.precision.bytes), (works.columns, _TILE_COLUMNS)):
            whole = np.maximum(size, 1.0)
            found = found * np.ceil(whole / tile) * tile / whole
        return found

    def _narrowed(self, dtype: Dtype) -> float:
        """What an element takes there in times of what it takes in the file."""
        size = dtype.size_bytes if dtype in _NARROWED else None
        return min(1.0, self.precision.bytes / size) if size else 1.0


def sheet_of(chip: Chip, precision: Precision, known: Priors | None = None) -> Sheet | Unknown:
    """Unknown where the data sheet leaves out what it takes."""
    found = efficiency(chip, precision, known)
    if isinstance(found, Unknown):
        return found
    peak, bandwidth = chip.peak_flops_per_s[precision], chip.bandwidth_bytes_per_s
    assert isinstance(peak, Figure) and isinstance(bandwidth, Figure), "an efficiency is of both"
    wide = chip.peak_flops_per_s.get(Precision.fp32)
    vector = wide.value if isinstance(wide, Figure) else peak.value
    return Sheet(
        precision=precision,
        flops_per_s={
            family: share * (peak.value if family in _TILED or found.folds else vector) for family, share in found.compute.items()
        },
        bytes_per_s=found.memory * bandwidth.value,
        near_bytes_per_s=found.near_bytes_per_flop * vector,
        efficiency=found,
        cores=chip.cores,
    )


def _folded(operator: OperatorCost) -> bool:
    return operator.family in _FOLDED_FAMILIES or operator.operator in _FOLDED
