"""Ensembles of decision trees: a row goes down each tree, one comparison at a branch, and adds what the leaf says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from infractl.domain.work import Family, Work
from infractl.profile.node import Node
from infractl.profile.rule.build import LEARNING, Rules, given, work

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_NODE_BYTES = 20.0
"""What the engine keeps of a node: feature, threshold, and where to go on (onnxruntime's TreeNodeElement of floats)."""


def _ensemble(node: Node) -> Work:
    """TreeEnsembleClassifier and TreeEnsembleRegressor. Depth is the mean of the leaves', each counting the same."""
    import numpy as np

    attributes = node.attributes
    leaves = np.array(attributes["nodes_modes"], dtype=bytes) == b"LEAF"
    trees = np.asarray(attributes["nodes_treeids"], np.int64)
    depth = _mean_leaf_depth(trees, leaves, attributes)
    weights = attributes.get("target_weights") or attributes.get("class_weights") or ()
    added = len(weights) / max(1, int(leaves.sum()))
    return _trees(node, count=len(np.unique(trees)), depth=depth, nodes=len(trees), added=added)


def _mean_leaf_depth(trees: Array, leaves: Array, attributes: Mapping[str, Any]) -> float:
    """Level by level from the roots, which no branch leads to."""
    import numpy as np

    ids, true, false = (np.asarray(attributes[f"nodes_{name}"], np.int64) for name in ("nodeids", "truenodeids", "falsenodeids"))
    stride = int(max(ids.max(), true.max(), false.max())) + 1
    keys = trees * stride + ids
    order = np.argsort(keys)
    branches = np.flatnonzero(~leaves)
    below = np.full((2, len(keys)), -1)
    for side, target in enumerate((true, false)):
        below[side, branches] = order[np.searchsorted(keys[order], trees[branches] * stride + target[branches])]
    return _walk(leaves, below)


def _walk(leaves: Array, below: Array) -> float:
    import numpy as np

    level = np.setdiff1d(np.arange(len(leaves)), below[below >= 0])
    total, found, depth = 0, 0, 0
    # A tree is no deeper than it has nodes: what goes around in circles is none.
    while len(level) and depth <= len(leaves):
        ended = int(leaves[level].sum())
        total, found = total + depth * ended, found + ended
        level = below[:, level[~leaves[level]]].ravel()
        depth += 1
    if len(level):
        raise ValueError("the trees go around in circles")
    return total / found if found else 0.0


def _trees(node: Node, *, count: int, depth: float, nodes: int, added: float) -> Work:
    rows = (1, *given(node, 0).shape)[-2]
    found = work(node, Family.tree, rows * count * (depth + added), operator="TreeEnsembleRegressor")
    return replace(found, weight_bytes=_NODE_BYTES * nodes, trees=float(count), depth=depth)


def _new_ensemble(node: Node) -> Work:
    """TreeEnsemble of ai.onnx.ml 5: branches and leaves in lists of their own."""
    import numpy as np

    attributes = node.attributes
    branches, leaves = len(attributes["nodes_splits"]), len(attributes["leaf_weights"])
    below = np.full((2, branches + leaves), -1)
    for side, name in enumerate(("true", "false")):
        target = np.asarray(attributes[f"nodes_{name}nodeids"], np.int64)
        is_leaf = np.asarray(attributes[f"nodes_{name}leafs"], np.int64)
        below[side, :branches] = np.where(is_leaf, target + branches, target)
    roots = attributes["tree_roots"]
    if len(roots) and branches == 1 and int(below[0, 0]) == int(below[1, 0]):
        # A tree that is one leaf is written as a branch whose both ways lead to it.
        return _trees(node, count=len(roots), depth=0.0, nodes=1, added=1.0)
    depth = _walk(np.arange(branches + leaves) >= branches, below)
    return _trees(node, count=len(roots), depth=depth, nodes=branches + leaves, added=1.0)


RULES: Rules = {
    (LEARNING, "TreeEnsembleRegressor"): _ensemble,
    (LEARNING, "TreeEnsembleClassifier"): _ensemble,
    (LEARNING, "TreeEnsemble"): _new_ensemble,
}
