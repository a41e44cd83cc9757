"""Ensembles of decision trees to time, by number and depth of trees and by rows. The engine walks more rows in other ways."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from infractl.domain.work import Family, Work
from infractl.measure.kernel.graph import Graph, random_values
from infractl.measure.kernel.kernel import Kernel, Model, Run, alone
from infractl.tensors import Dtype

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnx import NodeProto

_FEATURES = 24
_ENSEMBLES = (
    *((10, 4, 1), (50, 3, 1), (50, 8, 1), (100, 5, 1), (200, 3, 1), (200, 7, 1), (500, 5, 1), (40, 11, 1)),
    *((60, 4, 3), (100, 8, 8), (200, 4, 4), (100, 10, 4), (30, 13, 2)),
)
"""Trees, the depth of each of their leaves, and the outputs that each leaf adds to."""
_SCALING = ((200, 3, 1), (200, 7, 1))
_ROWS = (1, 2, 4, 8, 16, 32, 128)
_DIFFERENT_ROWS = 1024
"""Taken in turn: a processor learns the branches of a few rows by heart."""
_SPREAD = 1.15
"""Of the thresholds, where inputs spread by 1: three of four rows take the larger side of a branch, as in trained ensembles."""
_FAVOURED = 0.12
"""Feature n is asked for in proportion of exp(-n · this): trained trees ask some features often, and much the same of them."""
_STEP = 0.5


def trees() -> Iterator[Kernel]:
    for ensemble in _ENSEMBLES:
        count, depth, outputs = ensemble
        model = Model(_ensemble(count, depth, outputs))
        for rows in _ROWS:
            inputs = tuple(
                {"x0": random_values(rows, _FEATURES, seed=seed) * rows**0.5} for seed in range(_DIFFERENT_ROWS // rows)
            )
            work = tree_work(count, depth, outputs, rows)
            yield alone(work, Run(model, inputs), scales=ensemble in _SCALING)


def _ensemble(count: int, depth: int, outputs: int) -> bytes:
    """Complete trees, whose node i has the children 2i + 1 and 2i + 2."""
    import numpy as np

    random = np.random.default_rng([count, depth])
    inner, size = 2**depth - 1, 2 ** (depth + 1) - 1
    node, tree = np.tile(np.arange(size), count), np.repeat(np.arange(count), size)
    branches = node < inner
    leaf = np.repeat(np.flatnonzero(~branches), outputs)
    shares = np.exp(-_FAVOURED * np.arange(_FEATURES))
    features = random.choice(_FEATURES, len(node), p=shares / shares.sum())
    thresholds = np.round(_SPREAD * random.standard_normal(len(node)) / _STEP) * _STEP
    graph = Graph()
    given = graph.add("TreeEnsembleRegressor", graph.input(["batch", _FEATURES]), domain="ai.onnx.ml", n_targets=outputs)
    columns = {
        "nodes_treeids": tree,
        "nodes_nodeids": node,
        "nodes_featureids": np.where(branches, features, 0),
        "nodes_values": np.where(branches, thresholds, 0.0),
        "nodes_truenodeids": np.where(branches, 2 * node + 1, 0),
        "nodes_falsenodeids": np.where(branches, 2 * node + 2, 0),
        "target_treeids": tree[leaf],
        "target_nodeids": node[leaf],
        "target_ids": np.arange(len(leaf)) % outputs,
        "target_weights": random.standard_normal(len(leaf)),
    }
    modes = [b"BRANCH_LEQ" if branch else b"LEAF" for branch in branches]
    _extend(graph.nodes[-1], columns, modes)
    return graph.finish(given)


def _extend(node: NodeProto, columns: Mapping[str, NDArray[Any]], modes: Sequence[bytes]) -> None:
    """Add long attributes at once: `onnx.helper` looks at each value of them."""
    from onnx import AttributeProto

    node.attribute.add(name="nodes_modes", type=AttributeProto.STRINGS).strings.extend(modes)
    for name, values in columns.items():
        if values.dtype.kind == "f":
            node.attribute.add(name=name, type=AttributeProto.FLOATS).floats.extend(values.tolist())
        else:
            node.attribute.add(name=name, type=AttributeProto.INTS).ints.extend(values.tolist())


def tree_work(count: int, depth: int, outputs: int, rows: int) -> Work:
    """Complete trees, as a profile tells them: a comparison at each branch on the way, an addition to each output."""
    nodes = count * (2 ** (depth + 1) - 1)
    return Work(
        family=Family.tree,
        operator="TreeEnsembleRegressor",
        dtype=Dtype.float32,
        flops=float(rows * count * (depth + outputs)),
        weight_bytes=20.0 * nodes,
        activation_bytes=4.0 * rows * (_FEATURES + outputs),
        trees=count,
        depth=depth,
    )
