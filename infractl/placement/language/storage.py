"""What a precision means for a language model on a chip: how weights and cache are stored, and what products are made of."""

from __future__ import annotations

from dataclasses import dataclass

from infractl.domain.chip import Chip
from infractl.domain.figure import Figure
from infractl.domain.hardware_class import HardwareClass
from infractl.domain.language_model import ElementSizes, LanguageModel
from infractl.domain.placement import Violation
from infractl.domain.precision import Precision

_STORED = {Precision.fp4: 0.5625, Precision.int4: 0.53125}
"""With scales: NVFP4 has eight bits for each 16 elements, GPTQ and AWQ 32 (scale and zero point) for each 128."""

_ENDS = 2.0
"""Bytes of what stays at 16 bits: in published quantized checkpoints the table of embeddings and the output matrix."""

_MXFP4 = "mxfp4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """Bytes of a weight and of an element of the cache, the precision of products, and the chip's peak at it."""

    weights: ElementSizes
    cache_bytes: float
    compute: Precision
    flops_per_s: Figure


def storage(model: LanguageModel, chip: Chip, precision: Precision) -> Storage | Violation:
    """`precision-unsupported` where the chip cannot compute it.

    Four bits need no unit of their own on a GPU: weights are unpacked to 16 bits on their way to it (Marlin; vLLM's table of
    quantizations and hardware). Where products are made of fp8 or fp4, the cache takes a byte an element, as NVIDIA's
    checkpoints at these precisions declare; else as many as products, 16 bits at least. A checkpoint that is quantized already
    stays as it is, unless the precision is narrower.
    """
    compute = _compute(model, chip, precision)
    peak = chip.peak_flops_per_s.get(compute) if compute else None
    if compute is None or not isinstance(peak, Figure):
        able = ", ".join(p.value for p, rate in chip.peak_flops_per_s.items() if isinstance(rate, Figure))
        return Violation(code="precision-unsupported", need=precision.value, have=f"{chip.name} with {able or 'no known peak'}")
    cache = 1.0 if compute in (Precision.fp8, Precision.fp4) else max(_ENDS, compute.bytes)
    return Storage(weights=_weights(model, precision), cache_bytes=cache, compute=compute, flops_per_s=peak)


def _compute(model: LanguageModel, chip: Chip, precision: Precision) -> Precision | None:
    """What the products are made of; None where neither the chip nor an unpacking kernel can."""
    stated = {p for p, rate in chip.peak_flops_per_s.items() if isinstance(rate, Figure)}
    sixteen = [p for p in (Precision.bf16, Precision.fp16) if p in stated and chip.hardware_class is HardwareClass.gpu]
    match precision:
        case Precision.int4:
            return sixteen[0] if sixteen else None
        case Precision.fp4:
            # OpenAI's README of gpt-oss recommends activations of 16 bits with MXFP4 weights. Unpacking wants bfloat16.
            own = precision in stated and model.quantization != _MXFP4
            return precision if own else Precision.bf16 if Precision.bf16 in sixteen else None
        case _:
            return precision if precision in stated else None


def _weights(model: LanguageModel, precision: Precision) -> ElementSizes:
    size = _STORED.get(precision, precision.bytes)
    declared = model.declared
    if model.quantization and min(declared.layers, declared.experts) <= size:
        return declared
    return ElementSizes(layers=size, experts=size, ends=size if size >= _ENDS else min(_ENDS, declared.ends))
