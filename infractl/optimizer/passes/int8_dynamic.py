"""Weights of matrix products in 8 bits; activations are rounded while the model runs, each call by its own range.

It needs no data. Convolutions stay as they are: as ConvInteger they ran at a seventh of their speed in fp32 (a ResNet of 697 k
parameters, ONNX Runtime 1.32 on a Zen 5 core).
"""

from __future__ import annotations

from infractl.optimizer.passes.contract import Made, PassRefusedError, Work
from infractl.optimizer.passes.onnx_file import graphs, read_model, refusing, write_model
from infractl.optimizer.passes.setting import only, truth, words
from infractl.optimizer.passes.simplify import simplified
from infractl.optimizer.quantization.layer import PRODUCTS, TABLES, layers
from infractl.optimizer.quantization.prepare import quantizing


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
        outer, *inner = ([*layers(graph, types)] for graph in graphs(model.graph))
        found = len(outer) + sum(map(len, inner))
        if not found:
            raise PassRefusedError("nothing-to-quantize", f"no {' or '.join(types)} has weights in fp32")
        path = work.scratch / "model.onnx"
        with refusing("quantizer-failed"), quantizing(work.scratch):
            quantize_dynamic(
                model,
                path,
                op_types_to_quantize=list(types),
                per_channel=truth(work.settings, "per_channel", True),
                reduce_range=truth(work.settings, "reduce_range", False),
                weight_type=QuantType.QInt8,
                extra_options={"EnableSubgraph": any(inner), "MatMulConstBOnly": True},
            )
        write_model(read_model(path), path)
        return Made(model=path, notes=(f"{found} of {' and '.join(types)} compute in int8",), figures={"quantized": float(found)})
