"""Weights and activations in half precision, for chips that compute in it. A CPU stores them so and computes in fp32.

Inputs and outputs keep their types, so clients notice nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infractl.optimizer.passes.contract import Made, PassRefusedError, Work
from infractl.optimizer.passes.onnx_file import graphs, in_order, read_model, refusing, write_model
from infractl.optimizer.passes.setting import only
from infractl.optimizer.passes.simplify import simplified

if TYPE_CHECKING:
    from onnx import ModelProto


class Fp16:
    name = "fp16"
    version = 1

    def run(self, work: Work) -> Made:
        """Raises PassRefusedError where no weights are fp32, or the converter fails."""
        import numpy as np

        only(work.settings)
        model, _ = simplified(read_model(work.model))
        count, beyond = _weights(model, float(np.finfo(np.float16).max))
        if not count:
            raise PassRefusedError("nothing-to-convert", "no weights are in fp32")
        with refusing("converter-failed"):
            from onnxruntime.transformers.float16 import convert_float_to_float16

            model = convert_float_to_float16(model, keep_io_types=True)
        for graph in graphs(model.graph):
            in_order(graph)
        path = write_model(model, work.scratch / "model.onnx")
        notes = [f"{count} tensors of weights are stored in fp16"]
        if beyond:
            notes.append(f"{beyond} of their values are beyond its range, and were cut to its largest")
        return Made(model=path, notes=tuple(notes), figures={"converted": float(count)})


def _weights(model: ModelProto, largest: float) -> tuple[int, int]:
    """How many tensors of fp32 there are, and how many of their values are larger than `largest`."""
    import numpy as np
    from onnx import TensorProto, numpy_helper

    tensors = [t for graph in graphs(model.graph) for t in graph.initializer if t.data_type == TensorProto.FLOAT]
    return len(tensors), sum(int(np.count_nonzero(np.abs(numpy_helper.to_array(t)) > largest)) for t in tensors)
