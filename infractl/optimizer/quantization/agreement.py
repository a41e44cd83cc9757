"""How far a changed model answers as the given one does, on rows without labels. It ranks a pass's own candidates; no gate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from infractl.optimizer.pruning.activation import Probe, batches
from infractl.optimizer.rows import Rows
from infractl.tensors import Tensor

if TYPE_CHECKING:
    from onnx import ModelProto

Answers = Mapping[str, Tensor]


def answers(model: ModelProto, rows: Rows, threads: int) -> Answers:
    """Every output over all rows, by name. Raises what ONNX Runtime raises."""
    import numpy as np

    names = [output.name for output in model.graph.output]
    probe = Probe(model, names, threads)
    parts = [probe.run(batch) for batch in batches(model, rows, len(rows))]
    return {name: np.concatenate([part[i] for part in parts]) for i, name in enumerate(names)}


def agreement(given: Answers, found: Answers) -> float:
    """From 0 to 1, the least over the outputs.

    Of several scores in a row: the share of rows with the same one on top. Of a single number: the share of its variance that
    the change leaves as it was. Of whole numbers: the share that is equal.
    """
    return min((_agreement(given[name], found[name]) for name in given), default=1.0)


def _agreement(given: Tensor, found: Tensor) -> float:
    import numpy as np

    if given.shape != found.shape:
        return 0.0
    if given.dtype.kind != "f":
        return float(np.mean(given == found))
    if given.ndim > 1 and given.shape[-1] > 1:
        return float(np.mean(given.argmax(-1) == found.argmax(-1)))
    if not np.isfinite(found).all():
        return 0.0
    exact, near = given.astype(np.float64), found.astype(np.float64)
    variance = float(np.var(exact))
    return max(0.0, 1 - float(np.mean((near - exact) ** 2)) / variance) if variance else float(np.array_equal(exact, near))
