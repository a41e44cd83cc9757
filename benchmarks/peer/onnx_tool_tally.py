"""Runs inside onnx-tool's environment: `onnx_tool_tally.py MODEL SIZES` prints its counts as a line of JSON."""

from __future__ import annotations

import json
import math
import sys
from collections import Counter

import numpy as np
import onnx
import onnx_tool  # type: ignore[import-not-found]


def main(path: str, sizes: dict[str, int]) -> None:
    model = onnx.load(path)
    inputs = {value.name: _zeros(value, sizes) for value in model.graph.input}
    graph = onnx_tool.loadmodel(model).graph
    graph.graph_reorder_nodes()
    graph.shape_infer(inputs)
    # Its command line leaves Gather out, and with it the tables of embeddings.
    graph.profile()
    macs: Counter[str] = Counter()
    biased: Counter[str] = Counter()
    for node in graph.nodemap.values():
        macs[node.op_type] += int(node.macs[0])
        if node.op_type in ("Conv", "Gemm") and len(node.input) == 3:
            biased[node.op_type] += math.prod(graph.tensormap[node.output[0]].get_shape())
    print(json.dumps({"parameters": int(graph.params), "macs": macs, "biased": biased}))


def _zeros(value: onnx.ValueInfoProto, sizes: dict[str, int]) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    given = value.type.tensor_type
    shape = [sizes[axis.dim_param] if axis.dim_param else axis.dim_value for axis in given.shape.dim]
    return np.zeros(shape, onnx.helper.tensor_dtype_to_np_dtype(given.elem_type))


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
