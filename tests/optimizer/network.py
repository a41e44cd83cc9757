"""Small networks with weights that follow from a seed."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper


def dense(path: Path, width: int = 64, depth: int = 2, takes: int = 8, gives: int = 4, seed: int = 0) -> Path:
    """`x` [batch, takes] to `y` [batch, gives]: `depth` products of `width` with Relu between them."""
    random = np.random.default_rng(seed)
    sizes = [takes, *[width] * depth, gives]
    weights, nodes, before = [], [], "x"
    for layer, (rows, columns) in enumerate(pairwise(sizes)):
        weight = random.normal(scale=rows**-0.5, size=(rows, columns)).astype(np.float32)
        weights.append(numpy_helper.from_array(weight, f"w{layer}"))
        last = layer == len(sizes) - 2
        nodes.append(helper.make_node("MatMul", [before, f"w{layer}"], ["y" if last else f"m{layer}"], name=f"product{layer}"))
        if not last:
            nodes.append(helper.make_node("Relu", [f"m{layer}"], [f"r{layer}"], name=f"relu{layer}"))
        before = f"r{layer}"
    graph = helper.make_graph(
        nodes,
        "dense",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", takes])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", gives])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    path.write_bytes(model.SerializeToString())
    return path
