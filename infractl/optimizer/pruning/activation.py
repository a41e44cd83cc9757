"""What flows inside a model: any tensors of it, computed batch by batch, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from infractl.optimizer.pruning.graph import up_to
from infractl.optimizer.rows import Rows
from infractl.tensors import Tensor

if TYPE_CHECKING:
    from onnx import ModelProto

BATCH = 32
_FATAL_ONLY = 4


class Probe:
    """A part of a model, opened once. Raises what ONNX Runtime raises."""

    def __init__(self, model: ModelProto, tensors: Sequence[str], threads: int) -> None:
        import onnxruntime

        part = up_to(model, tensors)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = _FATAL_ONLY
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(part.SerializeToString(), options, providers=["CPUExecutionProvider"])
        self._tensors = list(tensors)
        self._inputs = [value.name for value in self._session.get_inputs()]

    def run(self, rows: Rows) -> list[Tensor]:
        """The tensors, in their order, for one batch."""
        found: list[Tensor] = self._session.run(self._tensors, {name: rows.inputs[name] for name in self._inputs})
        return found


def batches(model: ModelProto, rows: Rows, most: int) -> Iterator[Rows]:
    """At most `most` rows, in batches of the size that the model is fixed to, where it is."""
    sizes = {
        value.type.tensor_type.shape.dim[0].dim_value
        for value in model.graph.input
        if value.name in rows.inputs and value.type.tensor_type.shape.dim and value.type.tensor_type.shape.dim[0].dim_value > 0
    }
    fixed = min(sizes, default=0)
    size, end = fixed or BATCH, min(most, len(rows))
    for first in range(0, end, size):
        if first + size <= len(rows) or not fixed:
            yield rows.at(range(first, min(first + size, len(rows) if fixed else end)))
