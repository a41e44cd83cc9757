"""Ensembles of decision trees that scikit-learn trained, as the operator of ai.onnx.ml that they become."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.models.network import Array, Subject, new_network


def tree_ensemble(folder: Path, name: str, trees: Sequence[Any], rows: Array, outputs: int) -> Subject:
    """The sum of trees (`sklearn.tree._tree.Tree`) over `rows`, of which each call takes some at random.

    With several outputs, tree i adds to output i % outputs where each of its leaves holds one value, else to each output.
    """
    network = new_network(0)
    last = network.input("features", "batch", rows.shape[1])
    columns: dict[str, list[Any]] = {key: [] for key in ("tree", "node", "feature", "mode", "value", "true", "false")}
    leaves: dict[str, list[Any]] = {key: [] for key in ("tree", "node", "output", "weight")}
    for number, tree in enumerate(trees):
        _append(columns, leaves, number, tree, outputs)
    result = network.add(
        "TreeEnsembleRegressor",
        last,
        domain="ai.onnx.ml",
        n_targets=outputs,
        nodes_treeids=columns["tree"],
        nodes_nodeids=columns["node"],
        nodes_featureids=columns["feature"],
        nodes_modes=columns["mode"],
        nodes_values=columns["value"],
        nodes_truenodeids=columns["true"],
        nodes_falsenodeids=columns["false"],
        target_treeids=leaves["tree"],
        target_nodeids=leaves["node"],
        target_ids=leaves["output"],
        target_weights=leaves["weight"],
    )
    path = network.save(folder / f"{name}.onnx", result, ("batch", outputs))

    def inputs(batch: int, random: np.random.Generator) -> dict[str, Array]:
        return {"features": rows[random.integers(0, len(rows), batch)].astype(np.float32)}

    return Subject(name=name, path=path, inputs=inputs)


def _append(columns: dict[str, list[Any]], leaves: dict[str, list[Any]], number: int, tree: Any, outputs: int) -> None:
    branches = tree.children_left >= 0
    count = tree.node_count
    columns["tree"] += [number] * count
    columns["node"] += range(count)
    columns["feature"] += np.where(branches, tree.feature, 0).tolist()
    columns["mode"] += np.where(branches, "BRANCH_LEQ", "LEAF").tolist()
    columns["value"] += np.where(branches, tree.threshold, 0.0).tolist()
    columns["true"] += np.where(branches, tree.children_left, 0).tolist()
    columns["false"] += np.where(branches, tree.children_right, 0).tolist()
    for leaf in np.flatnonzero(~branches):
        values = tree.value[leaf].ravel()
        targets = [number % outputs] if len(values) == 1 else range(outputs)
        for target, value in zip(targets, values, strict=True):
            leaves["tree"].append(number)
            leaves["node"].append(int(leaf))
            leaves["output"].append(target)
            leaves["weight"].append(float(value))
