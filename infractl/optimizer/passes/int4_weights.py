"""Weights of matrix products in 4 bits, a step for each block of them; products are computed in int8 or fp32.

It pays where reading the weights is what takes the time: large products with few rows. On other models it makes a smaller file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infractl.optimizer.passes.contract import Made, PassRefusedError, Work
from infractl.optimizer.passes.onnx_file import read_model, write_model
from infractl.optimizer.passes.setting import choice, number, only
from infractl.optimizer.passes.simplify import simplified
from infractl.optimizer.quantization.layer import PRODUCTS, Layer, drop_unread, layers, matrix_of, name_nodes
from infractl.optimizer.quantization.nbits import packed

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

BLOCKS = ("16", "32", "64", "128", "256")
MICROSOFT = "com.microsoft"

_LEVELS = {"fp32": 0, "int8": 4}
"""What MatMulNBits calls `accuracy_level` (ContribOperators.md): 0 computes as the input is, 4 rounds the input to int8."""


class Int4Weights:
    """Settings: `block` (32), how many weights of a column share a step; `bits` (4, or 8); `compute` (int8, or fp32)."""

    name = "int4-weights"
    version = 1

    def run(self, work: Work) -> Made:
        """Raises PassRefusedError where no matrix product has fixed weights in fp32: it would do nothing."""
        only(work.settings, "block", "bits", "compute")
        block = int(choice({"block": str(work.settings.get("block", 32))}, "block", "32", BLOCKS))
        bits = int(number(work.settings, "bits", 4, least=4, most=8))
        if bits not in (4, 8):
            raise PassRefusedError("settings", f"bits is 4 or 8, not {bits}")
        level = _LEVELS[choice(work.settings, "compute", "int8", tuple(_LEVELS))]
        model, _ = simplified(read_model(work.model))
        name_nodes(model)
        found = {layer.name: layer for layer in layers(model.graph, PRODUCTS)}
        before = _bytes(model)
        done = _replace(model, found, block=block, bits=bits, level=level) if found else 0
        if not done:
            raise PassRefusedError("nothing-to-quantize", "no matrix product has weights in fp32")
        left = _bytes(model)
        notes = (
            f"{done} of {len(found)} matrix products have weights in {bits} bits, {block} to a step",
            f"{left / before:.0%} of the weights' bytes stay in fp32" if left else "no weights stay in fp32",
        )
        path = write_model(model, work.scratch / "model.onnx")
        return Made(model=path, notes=notes, figures={"quantized": float(done), "left": float(len(found) - done)})


def _replace(model: ModelProto, found: dict[str, Layer], *, block: int, bits: int, level: int) -> int:
    from onnx import helper, numpy_helper

    graph = model.graph
    weights = {each.name: each for each in graph.initializer}
    nodes: list[NodeProto] = []
    done = 0
    for node in graph.node:
        layer = found.get(node.name)
        matrix = matrix_of(node, numpy_helper.to_array(weights[layer.weights])) if layer else None
        if matrix is None:
            nodes.append(node)
            continue
        done += 1
        at, parts = node.name, packed(matrix, block=block, bits=bits)
        tensors = {f"{at}_weights": parts.weights, f"{at}_scales": parts.scales, f"{at}_zeros": parts.zeros}
        graph.initializer.extend(numpy_helper.from_array(values, name) for name, values in tensors.items())
        bias = node.input[2] if len(node.input) > 2 and node.input[2] else ""
        product = f"{at}_product" if bias else node.output[0]
        given = {"K": matrix.shape[0], "N": matrix.shape[1], "bits": bits, "block_size": block, "accuracy_level": level}
        nodes.append(helper.make_node("MatMulNBits", [node.input[0], *tensors], [product], at, domain=MICROSOFT, **given))
        if bias:
            nodes.append(helper.make_node("Add", [product, bias], [node.output[0]], f"{at}_bias"))
    del graph.node[:]
    graph.node.extend(nodes)
    drop_unread(graph, {layer.weights for layer in found.values()})
    if all(each.domain != MICROSOFT for each in model.opset_import):
        model.opset_import.append(helper.make_opsetid(MICROSOFT, 1))
    return done


def _bytes(model: ModelProto) -> int:
    """Of initializers in fp32."""
    from math import prod

    from onnx import TensorProto

    return sum(
        4 * prod(each.dims) for each in model.graph.initializer if each.data_type == TensorProto.FLOAT and len(each.dims) > 1
    )
