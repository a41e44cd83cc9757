"""Static quantization by NNCF, which corrects biases and, of transformers, smooths outliers away beforehand."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infractl.engines.telemetry import silent
from infractl.optimizer.passes.contract import PassRefusedError
from infractl.optimizer.pruning.activation import batches
from infractl.optimizer.quantization.layer import Layer
from infractl.optimizer.quantization.prepare import quantizing
from infractl.optimizer.quantization.settings import Settings
from infractl.optimizer.rows import Rows

if TYPE_CHECKING:
    from onnx import ModelProto


class ByNncf:
    """One model, quantized as often as is asked. Raises PassRefusedError where NNCF is not installed, and anything besides."""

    def __init__(self, model: ModelProto, operators: Sequence[str], rows: Rows, settings: Settings, scratch: Path) -> None:
        self._model = model
        self._settings = settings
        self._scratch = scratch
        inputs = [value.name for value in model.graph.input]
        self._batches = [
            {name: batch.inputs[name] for name in inputs if name in batch.inputs} for batch in batches(model, rows, settings.rows)
        ]
        self._transformer = _attends(model)
        self._others = sorted({node.op_type for node in model.graph.node} - set(operators)) if settings.operators else []

    def quantized(self, left: Sequence[Layer]) -> ModelProto:
        """All but these layers, which stay in fp32."""
        from onnx import ModelProto

        nncf = _nncf()
        ignored = nncf.IgnoredScope(names=[layer.name for layer in left], types=self._others, validate=False)
        copy = ModelProto()
        copy.CopyFrom(self._model)
        silence = io.StringIO()
        with quantizing(self._scratch), redirect_stdout(silence), redirect_stderr(silence):
            made: ModelProto = nncf.quantize(
                copy,
                nncf.Dataset(self._batches),
                subset_size=len(self._batches),
                preset=nncf.QuantizationPreset.PERFORMANCE if self._settings.symmetric else nncf.QuantizationPreset.MIXED,
                target_device=nncf.TargetDevice.GPU if self._settings.form == "tensorrt" else nncf.TargetDevice.CPU,
                model_type=nncf.ModelType.TRANSFORMER if self._transformer else None,
                ignored_scope=ignored,
            )
        return made


def _attends(model: ModelProto) -> bool:
    """Whether shares that a Softmax gives are multiplied with something that is computed as well."""
    shares = {output for node in model.graph.node if node.op_type == "Softmax" for output in node.output}
    return any(node.op_type == "MatMul" and shares & set(node.input) for node in model.graph.node)


def _nncf() -> Any:
    try:
        with silent():
            import nncf
    except ImportError as error:
        raise PassRefusedError("not-installed", f"{error}: pip install 'infractl[nncf]'") from error
    return nncf
