"""Ensembles of decision trees to time, by number and depth of trees and by rows. The engine walks more rows in other ways."""

from __future__ import annotations

from collections.abc import Iterator

from infractl.domain.work import Family, Work
from infractl.measure.kernel.graph import Graph, random_values
from infractl.measure.kernel.kernel import Kernel, Model, Run, alone
from infractl.tensors import Dtype

_FEATURES = 24
_ENSEMBLES = ((10, 4), (50, 3), (50, 8), (100, 5), (200, 3), (200, 7), (500, 5), (40, 11))
"""Trees, and the depth of each of their leaves."""
_ROWS = (1, 2, 4, 8, 16, 32, 128)
_DIFFERENT_ROWS = 256
"""Taken in turn: a processor learns the branches of a few rows by heart."""


def trees() -> Iterator[Kernel]:
    for count, depth in _ENSEMBLES:
        model = Model(_ensemble(count, depth))
        for rows in _ROWS:
            inputs = tuple(
                {"x0": random_values(rows, _FEATURES, seed=seed) * rows**0.5} for seed in range(_DIFFERENT_ROWS // rows)
            )
            yield alone(tree_work(count, depth, rows), Run(model, inputs), scales=depth in (3, 7) and count == 200)


def _ensemble(count: int, depth: int) -> bytes:
    """Complete trees, whose node i has the children 2i + 1 and 2i + 2."""
    import numpy as np

    random = np.random.default_rng([count, depth])
    inner, size = 2**depth - 1, 2 ** (depth + 1) - 1
    node = np.tile(np.arange(size), count)
    tree = np.repeat(np.arange(count), size)
    branches = node < inner
    leaf = np.flatnonzero(~branches)
    graph = Graph()
    given = graph.add(
        "TreeEnsembleRegressor",
        graph.input(["batch", _FEATURES]),
        domain="ai.onnx.ml",
        n_targets=1,
        nodes_treeids=tree.tolist(),
        nodes_nodeids=node.tolist(),
        nodes_featureids=np.where(branches, random.integers(0, _FEATURES, len(node)), 0).tolist(),
        nodes_modes=np.where(branches, "BRANCH_LEQ", "LEAF").tolist(),
        nodes_values=np.where(branches, random.standard_normal(len(node)), 0.0).tolist(),
        nodes_truenodeids=np.where(branches, 2 * node + 1, 0).tolist(),
        nodes_falsenodeids=np.where(branches, 2 * node + 2, 0).tolist(),
        nodes_missing_value_tracks_true=[0] * len(node),
        nodes_hitrates=[1.0] * len(node),
        target_treeids=tree[leaf].tolist(),
        target_nodeids=node[leaf].tolist(),
        target_ids=[0] * len(leaf),
        target_weights=random.standard_normal(len(leaf)).tolist(),
    )
    return graph.finish(given)


def tree_work(count: int, depth: int, rows: int) -> Work:
    """Complete trees, as a profile tells them."""
    nodes = count * (2 ** (depth + 1) - 1)
    return Work(
        family=Family.tree,
        operator="TreeEnsembleRegressor",
        dtype=Dtype.float32,
        flops=float(rows * count * depth),
        weight_bytes=20.0 * nodes,
        activation_bytes=4.0 * rows * (_FEATURES + 1),
        trees=count,
        depth=depth,
    )
