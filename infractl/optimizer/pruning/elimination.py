"""Which units the others can stand in for: they go one after another, each the one whose loss the rest makes up for best.

What is lost with a unit, once its readers are fitted again, is what of it the units that stay cannot say: ||W_j||^2 / (C^-1)_jj,
with C the covariance of what flows, summed over the readers. This is the measure of the optimal brain surgeon (Hassibi and Stork
1993) taken by unit, as ZipLM does (Kurtic et al. 2023, arXiv:2302.04089).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from infractl.optimizer.pruning.activation import Probe, batches
from infractl.optimizer.pruning.group import Group
from infractl.optimizer.pruning.importance import norms
from infractl.optimizer.pruning.walk import Layer, Walk
from infractl.optimizer.rows import Rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnx import ModelProto

    from infractl.optimizer.pruning.sums import Matrix

MOST_ROWS = 1024
MOST_PLACES = 4096
"""Of a batch of rows, at even distances."""
DAMPING = 1e-3
STEPS = 128
"""A group's units go in so many steps at most."""
WIDEST = 4096
"""Channels of what is read. The covariance of a wider layer takes more than 134 MB."""


class Reader:
    """What a layer reads, while units go: the inverse of its covariance, and each position's weight and unit."""

    def __init__(self, covariance: Matrix, weights: Matrix, units: NDArray[np.int64]) -> None:
        import numpy as np

        ridge = DAMPING * float(covariance.diagonal().mean()) or 1.0
        self.inverse = np.linalg.inv(covariance + ridge * np.eye(len(covariance)))
        self.weights, self.units = weights, units

    def losses(self) -> Matrix:
        """By position: what its going would cost now."""
        return self.weights**2 / self.inverse.diagonal()

    def without(self, units: Sequence[int]) -> None:
        import numpy as np

        gone = np.isin(self.units, list(units))
        left = ~gone
        across = self.inverse[np.ix_(left, gone)]
        self.inverse = self.inverse[np.ix_(left, left)] - across @ np.linalg.solve(self.inverse[np.ix_(gone, gone)], across.T)
        self.weights, self.units = self.weights[left], self.units[left]


def can_eliminate(walk: Walk, group: Group) -> bool:
    """Whether the covariances of what its readers read are small enough to be inverted again and again."""
    found = _readers(walk, group)
    return bool(found) and all(layer.read is None or len(layer.read) <= WIDEST for layer in found)


def eliminate(walk: Walk, group: Group, count: int, rows: Rows, threads: int) -> list[int]:
    """So many of the units that may go."""
    readers = [_reader(walk, layer, rows, threads) for layer in _readers(walk, group)]
    left, gone, step = set(group.free), list[int](), -(-count // STEPS)
    while len(gone) < count:
        losses = dict.fromkeys(left, 0.0)
        for reader in readers:
            for unit, loss in zip(reader.units.tolist(), reader.losses().tolist(), strict=True):
                if unit in left:
                    losses[unit] += loss
        chosen = sorted(left, key=lambda unit: (losses[unit], unit))[: min(step, count - len(gone))]
        for reader in readers:
            reader.without(chosen)
        left.difference_update(chosen)
        gone += chosen
    return gone


def _readers(walk: Walk, group: Group) -> list[Layer]:
    free = set(group.free)
    return [
        layer for layer in walk.layers if layer.read is not None and not free.isdisjoint(walk.channels.units(layer.read).tolist())
    ]


def _reader(walk: Walk, layer: Layer, rows: Rows, threads: int) -> Reader:
    read = walk.channels.fresh(0) if layer.read is None else layer.read
    weight = walk.graph.constants[walk.graph.nodes[layer.node].input[layer.weight]]
    covariance = _covariance(walk.graph.model, layer, rows, threads)
    return Reader(covariance, norms(weight, layer.reads), walk.channels.units(read))


def _covariance(model: ModelProto, layer: Layer, rows: Rows, threads: int) -> Matrix:
    """Of the channels at the same place, over all places of the rows. Means do not count: a bias makes up for them."""
    import numpy as np

    probe = Probe(model, [layer.taken], threads)
    count, total, products = 0, np.zeros(1), np.zeros((1, 1))
    for batch in batches(model, rows, MOST_ROWS):
        [taken] = probe.run(batch)
        flat = np.moveaxis(taken, layer.axis, -1).reshape(-1, taken.shape[layer.axis]).astype(np.float32)
        flat = flat[:: -(-len(flat) // MOST_PLACES)]
        count += len(flat)
        total = total + flat.sum(axis=0, dtype=np.float64)
        products = products + flat.T @ flat
    return products / count - np.outer(total, total) / count**2
