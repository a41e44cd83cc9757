"""Weights and activations in 8 bits, with step sizes that rows of data gave beforehand, written as plain ONNX.

Where that changes too many answers, the layers that suffer most go back to floating point, or to steps found while it runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from infractl.optimizer.passes.contract import Made, PassRefusedError, Work
from infractl.optimizer.passes.onnx_file import read_model, refusing, write_model
from infractl.optimizer.quantization.agreement import Answers, agreement, answers
from infractl.optimizer.quantization.layer import CONVOLUTIONS, PRODUCTS, Layer, layers
from infractl.optimizer.quantization.outlier import outliers, worst_first
from infractl.optimizer.quantization.prepare import prepared
from infractl.optimizer.quantization.settings import AROUND, Settings, parse

if TYPE_CHECKING:
    from onnx import ModelProto

FIRST_SHARE = 1 / 8
"""Of the layers, that goes back first; it doubles, and stops at half of them: beyond that little is gained over fp32."""

MOST_SHARE = 1 / 2

_MOST_NAMED = 12

TENSORRT = (
    "TensorRT builds its engine on the GPU and with the version that are to serve it, by the Q/DQ nodes in here: "
    "trtexec --onnx=model.onnx --stronglyTyped --saveEngine=model.plan; how fast that is cannot be measured elsewhere"
)


class _Quantizer(Protocol):
    def quantized(self, left: Sequence[Layer]) -> ModelProto: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    model: ModelProto
    left: Sequence[Layer]
    agreement: float | None


class Int8Static:
    """Settings: see `Settings`. It calibrates on `work.calibration`, and compares with the given model on `work.search`."""

    name = "int8-static"
    version = 1

    def run(self, work: Work) -> Made:
        """Raises PassRefusedError where there are no rows, no layer can be quantized, or the quantizer fails."""
        settings = parse(work.settings)
        if not len(work.calibration):
            raise PassRefusedError("no-data", "step sizes are found on rows of data, and there are none")
        model = prepared(work.model, work.scratch)
        operators = settings.operators or _operators(model)
        found = list(layers(model.graph, operators))
        if not found:
            raise PassRefusedError("nothing-to-quantize", "no convolution or matrix product has weights in fp32")
        with refusing("quantizer-failed"):
            quantizer = _quantizer(model, operators, settings, work)
            best, ratio = _attempts(model, found, quantizer, settings, work)
        return Made(
            model=write_model(best.model, work.scratch / "model.onnx"),
            notes=_notes(best, found, ratio, settings, len(work.search)),
            figures=_figures(best, found),
        )


def _operators(model: ModelProto) -> tuple[str, ...]:
    convolutional = any(node.op_type in CONVOLUTIONS for node in model.graph.node)
    return (*CONVOLUTIONS, *PRODUCTS, *AROUND) if convolutional else (*PRODUCTS, "Relu")


def _quantizer(model: ModelProto, operators: Sequence[str], settings: Settings, work: Work) -> _Quantizer:
    from infractl.optimizer.quantization.by_onnxruntime import ByOnnxRuntime

    if settings.by == "nncf":
        from infractl.optimizer.quantization.by_nncf import ByNncf

        return ByNncf(model, operators, work.calibration, settings, work.scratch)
    return ByOnnxRuntime(model, operators, work.calibration, settings, work.scratch)


def _attempts(
    model: ModelProto, found: Sequence[Layer], quantizer: _Quantizer, settings: Settings, work: Work
) -> tuple[_Attempt, Mapping[str, float]]:
    """The first attempt that agrees, else the one that agrees most; and how far outlying each layer's input is, where asked."""
    made = quantizer.quantized(())
    if not len(work.search):
        return _Attempt(model=made, left=(), agreement=None), {}
    given = answers(read_model(work.given), work.search, work.threads)
    best = _attempt(made, (), given, work)
    if best.agreement is not None and best.agreement >= settings.agreement:
        return best, {}
    ratio = outliers(model, found, work.calibration, work.threads)
    worst, count = worst_first(found, ratio), max(1, round(len(found) * FIRST_SHARE))
    while count <= max(1, len(found) * MOST_SHARE) and count < len(found):
        tried = _attempt(quantizer.quantized(worst[:count]), worst[:count], given, work)
        if (tried.agreement or 0.0) > (best.agreement or 0.0):
            best = tried
        if (tried.agreement or 0.0) >= settings.agreement:
            break
        count *= 2
    return best, ratio


def _attempt(made: ModelProto, left: Sequence[Layer], given: Answers, work: Work) -> _Attempt:
    return _Attempt(model=made, left=left, agreement=agreement(given, answers(made, work.search, work.threads)))


def _notes(best: _Attempt, found: Sequence[Layer], ratio: Mapping[str, float], settings: Settings, rows: int) -> tuple[str, ...]:
    notes = [f"{len(found) - len(best.left)} of {len(found)} layers compute in int8"]
    if best.agreement is None:
        notes.append("there are no rows to compare answers on")
    else:
        notes.append(f"it agrees with the given model on {best.agreement:.1%} of {rows} rows")
    for dynamic, kind in ((True, "find their step sizes while they run"), (False, "stay in fp32")):
        back = [layer for layer in best.left if (settings.dynamic and layer.operator in PRODUCTS) is dynamic]
        if back:
            named = ", ".join(f"{layer.name} ({ratio[layer.name]:.1f})" for layer in back[:_MOST_NAMED])
            more = f" and {len(back) - _MOST_NAMED} more" if len(back) > _MOST_NAMED else ""
            notes.append(f"{kind}, as their inputs' largest values are so many times the 99.9th percentile: {named}{more}")
    if settings.form == "tensorrt":
        notes.append(TENSORRT)
    return tuple(notes)


def _figures(best: _Attempt, found: Sequence[Layer]) -> Mapping[str, float]:
    counts = {"quantized": float(len(found) - len(best.left)), "left": float(len(best.left))}
    return counts if best.agreement is None else {**counts, "agreement": best.agreement}
