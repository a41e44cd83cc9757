"""Single layers as dynamic int8: their input's step is found in each call. In the nodes that ONNX Runtime fuses into one.

Its own quantizer does this to whole models, and rewrites every Gemm on its way, those that are static int8 already as well.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from infractl.optimizer.quantization.layer import Layer, drop_unread, matrix_of
from infractl.tensors import Tensor

if TYPE_CHECKING:
    from onnx import GraphProto

MOST = 127
"""Weights are whole numbers from -127 to 127, around 0."""

MOST_REDUCED = 63
"""In 7 bits, for chips whose sums of two products of 8 bits saturate."""


def as_dynamic(graph: GraphProto, layers: Collection[Layer], *, per_channel: bool, reduce_range: bool) -> list[str]:
    """Rewrite these layers; gives the names of those that it left, as they are no plain products with a matrix."""
    from onnx import helper, numpy_helper

    names = {layer.name for layer in layers}
    weights = {each.name: each for each in graph.initializer}
    nodes, left = [], []
    for node in graph.node:
        if node.name not in names:
            nodes.append(node)
            continue
        matrix = matrix_of(node, numpy_helper.to_array(weights[node.input[1]]))
        if matrix is None:
            left.append(node.name)
            nodes.append(node)
            continue
        values, scale = quantized(matrix, per_channel=per_channel, most=MOST_REDUCED if reduce_range else MOST)
        at = node.name
        graph.initializer.append(numpy_helper.from_array(values, f"{at}_weights"))
        graph.initializer.append(numpy_helper.from_array(scale, f"{at}_weights_scale"))
        bias = node.input[2] if len(node.input) > 2 and node.input[2] else ""
        product = f"{at}_product" if bias else node.output[0]
        nodes += [
            helper.make_node(
                "DynamicQuantizeLinear", [node.input[0]], [f"{at}_x", f"{at}_x_scale", f"{at}_x_zero"], f"{at}_round"
            ),
            helper.make_node("MatMulInteger", [f"{at}_x", f"{at}_weights", f"{at}_x_zero"], [f"{at}_sum"], f"{at}_multiply"),
            helper.make_node("Cast", [f"{at}_sum"], [f"{at}_float"], f"{at}_cast", to=1),
            helper.make_node("Mul", [f"{at}_x_scale", f"{at}_weights_scale"], [f"{at}_scale"], f"{at}_scales"),
            helper.make_node("Mul", [f"{at}_float", f"{at}_scale"], [product], f"{at}_scaled"),
        ]
        if bias:
            nodes.append(helper.make_node("Add", [product, bias], [node.output[0]], f"{at}_bias"))
    del graph.node[:]
    graph.node.extend(nodes)
    drop_unread(graph, {layer.weights for layer in layers})
    return left


def quantized(matrix: Tensor, *, per_channel: bool, most: int) -> tuple[Tensor, Tensor]:
    """Whole numbers and their step for a matrix [inputs, outputs]: one step for each output, or one for all."""
    import numpy as np

    floats: np.typing.NDArray[np.float32] = np.asarray(matrix, np.float32)
    largest = np.abs(floats).max(axis=0) if per_channel else np.abs(floats).max()
    scale = np.asarray(np.where(largest > 0, largest / most, 1), np.float32)
    return np.clip(np.rint(floats / scale), -most, most).astype(np.int8), scale
