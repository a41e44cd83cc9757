"""Static quantization by ONNX Runtime: QuantizeLinear and DequantizeLinear around what is to run in int8."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infractl.optimizer.passes.onnx_file import read_model, write_model
from infractl.optimizer.pruning.activation import batches
from infractl.optimizer.quantization.dynamic import as_dynamic
from infractl.optimizer.quantization.layer import PRODUCTS, Layer
from infractl.optimizer.quantization.pairs import drop_idle_pairs
from infractl.optimizer.quantization.prepare import quantizing
from infractl.optimizer.quantization.settings import Settings
from infractl.optimizer.rows import Rows
from infractl.tensors import Tensor

if TYPE_CHECKING:
    from onnx import ModelProto


class ByOnnxRuntime:
    """One model, quantized as often as is asked: what the calibration found is kept in the scratch directory. Raises anything."""

    def __init__(self, model: ModelProto, operators: Sequence[str], rows: Rows, settings: Settings, scratch: Path) -> None:
        self._model = model
        self._operators = operators
        self._rows = rows
        self._settings = settings
        self._scratch = scratch
        # Of a model in memory the quantizer would move the weights into files.
        self._file = write_model(model, scratch / "prepared.onnx")

    def quantized(self, left: Sequence[Layer]) -> ModelProto:
        """All but these layers, which then run as they did, or as dynamic int8 where the settings say so."""
        made = self._scratch / "static.onnx"
        with quantizing(self._scratch):
            try:
                self._quantize(made, left, {})
            except ValueError:
                # Steps are made larger where a bias would not fit, which fails on weights with a step for each channel and a
                # convolution in one dimension (onnxruntime 1.32).
                self._quantize(made, left, {"QDQDisableWeightAdjustForInt32Bias": True})
        static = read_model(made)
        drop_idle_pairs(static.graph, self._operators, [layer.name for layer in left])
        if self._settings.dynamic:
            products = [layer for layer in left if layer.operator in PRODUCTS]
            settings = self._settings
            as_dynamic(static.graph, products, per_channel=settings.per_channel, reduce_range=settings.reduce_range)
        return static

    def _quantize(self, made: Path, left: Sequence[Layer], more: Mapping[str, Any]) -> None:
        from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

        kinds = {"uint8": QuantType.QUInt8, "int8": QuantType.QInt8}
        quantize_static(
            self._file,
            made,
            _Reader(batches(self._model, self._rows, self._settings.rows), self._model),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(self._operators),
            per_channel=self._settings.per_channel,
            reduce_range=self._settings.reduce_range,
            activation_type=kinds[self._settings.activations],
            weight_type=QuantType.QInt8,
            nodes_to_exclude=[layer.name for layer in left],
            calibrate_method=CalibrationMethod.MinMax,
            extra_options={**self._options(), **more},
            calibration_cache_path=self._scratch / "ranges.json",
        )

    def _options(self) -> dict[str, Any]:
        options: dict[str, Any] = {
            "ActivationSymmetric": self._settings.symmetric,
            "WeightSymmetric": True,
            "MatMulConstBOnly": True,
            # Else a Relu is done by the rounding after it, and would be gone with that.
            "QDQKeepRemovableActivations": True,
        }
        if self._settings.form == "tensorrt":
            # TensorRT adds biases in floating point, and wants a pair of its own before each layer.
            options |= {"QuantizeBias": False, "DedicatedQDQPair": True, "QDQOpTypePerChannelSupportToAxis": {"MatMul": 1}}
        return options


class _Reader:
    """Batches of rows as the calibration asks for them: one after another, then None."""

    def __init__(self, rows: Iterator[Rows], model: ModelProto) -> None:
        self._rows = rows
        self._inputs = [value.name for value in model.graph.input]

    def get_next(self) -> Mapping[str, Tensor] | None:
        batch = next(self._rows, None)
        return None if batch is None else {name: batch.inputs[name] for name in self._inputs if name in batch.inputs}
