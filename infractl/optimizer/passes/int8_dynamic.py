"""Weights of matrix products in 8 bits; activations are rounded while the model runs, each call by its own range.

It needs no data. Convolutions stay as they are: as ConvInteger they ran at a seventh of their speed in fp32 (a ResNet of 697 k
parameters, ONNX Runtime 1.32 on a Zen 5 core).
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from infractl.optimizer.passes.contract import Made, PassRefusedError, Work
from infractl.optimizer.passes.onnx_file import graphs, read_model, refusing, write_model
from infractl.optimizer.passes.setting import only, truth, words
from infractl.optimizer.passes.simplify import simplified

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto

PRODUCTS = ("MatMul", "Gemm")
TABLES = ("Gather",)


class Int8Dynamic:
    """Settings: `per_channel` (true), a scale for each output; `reduce_range` (false), weights in 7 bits, for x86 chips without
    VNNI, whose sums of two products saturate; `op_types` (MatMul and Gemm), to which Gather adds tables of embeddings.
    """

    name = "int8-dynamic"
    version = 1

    def run(self, work: Work) -> Made:
        """Raises PassRefusedError where the settings are unknown, no product has fixed weights, or the quantizer fails."""
        from onnxruntime.quantization import QuantType, quantize_dynamic

        only(work.settings, "per_channel", "reduce_range", "op_types")
        types = words(work.settings, "op_types", PRODUCTS, PRODUCTS + TABLES)
        model, _ = simplified(read_model(work.model))
        found = sum(1 for graph in graphs(model.graph) for _ in weighted(graph, types))
        if not found:
            raise PassRefusedError("nothing-to-quantize", f"no {' or '.join(types)} has weights in fp32")
        path = work.scratch / "model.onnx"
        with refusing("quantizer-failed"), quiet():
            quantize_dynamic(
                model,
                path,
                op_types_to_quantize=list(types),
                per_channel=truth(work.settings, "per_channel", True),
                reduce_range=truth(work.settings, "reduce_range", False),
                weight_type=QuantType.QInt8,
                extra_options={"EnableSubgraph": any(True for _ in _inner_weighted(model, types)), "MatMulConstBOnly": True},
            )
        write_model(read_model(path), path)
        return Made(model=path, notes=(f"{found} of {' and '.join(types)} compute in int8",), figures={"quantized": float(found)})


def weighted(graph: GraphProto, types: Collection[str]) -> Iterator[tuple[str, str]]:
    """Names of a node and of its weights: nodes of these types whose weights are an initializer in fp32, in this graph alone."""
    from onnx import TensorProto

    weights = {each.name for each in graph.initializer if each.data_type == TensorProto.FLOAT and len(each.dims) >= 2}
    for node in graph.node:
        position = 0 if node.op_type == "Gather" else 1
        if node.op_type in types and node.input[position] in weights:
            yield node.name, node.input[position]


def _inner_weighted(model: ModelProto, types: Collection[str]) -> Iterator[tuple[str, str]]:
    for graph in graphs(model.graph):
        if graph is not model.graph:
            yield from weighted(graph, types)


@contextmanager
def quiet() -> Iterator[None]:
    """ONNX Runtime's quantizer gives general advice as warnings of the root logger."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
