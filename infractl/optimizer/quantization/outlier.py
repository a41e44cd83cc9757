"""Which layers suffer most from one step size for a whole tensor: those whose input has a few values far from all others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from infractl.optimizer.pruning.activation import Probe, batches
from infractl.optimizer.quantization.layer import Layer
from infractl.optimizer.rows import Rows

if TYPE_CHECKING:
    from onnx import ModelProto

ROWS = 256
USUAL_PERCENTILE = 99.9
_MOST_VALUES = 1 << 15
"""Of one tensor and batch, evenly spaced: enough for a percentile, and little to keep."""


def outliers(model: ModelProto, layers: Sequence[Layer], rows: Rows, threads: int) -> Mapping[str, float]:
    """By layer's name: the largest |x| of its input over the 99.9th percentile of |x|, on the first of the rows.

    On all-MiniLM-L6 the layers that this names first, those after the feed-forward's wide half, are those that cost the most
    agreement as static int8. Raises what ONNX Runtime raises.
    """
    import numpy as np

    inputs = sorted({layer.input for layer in layers})
    probe = Probe(model, inputs, threads)
    most = dict.fromkeys(inputs, 0.0)
    samples: dict[str, list[np.typing.NDArray[np.float32]]] = {name: [] for name in inputs}
    for batch in batches(model, rows, ROWS):
        for name, tensor in zip(inputs, probe.run(batch), strict=True):
            sizes = np.abs(np.asarray(tensor, np.float32)).ravel()
            most[name] = max(most[name], float(sizes.max(initial=0.0)))
            samples[name].append(sizes[:: max(1, sizes.size // _MOST_VALUES)].copy())
    usual = {name: float(np.percentile(np.concatenate(parts), USUAL_PERCENTILE)) for name, parts in samples.items() if parts}
    ratio = {name: most[name] / value if value > 0 else float("inf") if most[name] else 1.0 for name, value in usual.items()}
    return {layer.name: ratio.get(layer.input, 1.0) for layer in layers}


def worst_first(layers: Sequence[Layer], by: Mapping[str, float]) -> list[Layer]:
    """Layers that are equal keep the graph's order."""
    return sorted(layers, key=lambda layer: -by[layer.name])
