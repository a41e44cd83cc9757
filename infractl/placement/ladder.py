"""The recipes that a sort of chip may be given, gentlest first, as far as the document lets the model be changed.

A rung is a value that placement costs before anything is built: whether its answers are as good, the optimizer has to prove.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from infractl.domain.chip import Chip
from infractl.domain.hardware_class import HardwareClass
from infractl.domain.precision import Precision
from infractl.domain.recipe import AS_GIVEN, Pass, Recipe
from infractl.domain.unknown import Unknown
from infractl.spec.section.optimize import Precision as Allowed
from infractl.spec.section.optimize import Quantization
from infractl.spec.service import InferenceService


def _rung(name: str, dtype: Precision, engine: str) -> Recipe:
    return Recipe(name=name, dtype=dtype, passes=(Pass(name=name, settings={}),), engine=engine)


_CPU = tuple(_rung(*rung) for rung in (("bf16", Precision.bf16, "onnxruntime"), ("int8-dynamic", Precision.int8, "onnxruntime")))
_GPU = tuple(
    _rung(*rung)
    for rung in (
        ("fp16", Precision.fp16, "onnxruntime"),
        ("bf16", Precision.bf16, "onnxruntime"),
        ("int8-static", Precision.int8, "tensorrt"),
    )
)
_TPU = tuple(_rung(*rung) for rung in (("bf16", Precision.bf16, "xla"), ("int8-static", Precision.int8, "xla")))
_NEURON = (_rung("bf16", Precision.bf16, "neuron"),)
_EDGE = tuple(_rung(*rung) for rung in (("fp16", Precision.fp16, "onnxruntime"), ("int8-static", Precision.int8, "onnxruntime")))

LADDERS: Mapping[HardwareClass, tuple[Recipe, ...]] = {
    HardwareClass.cpu: _CPU,
    HardwareClass.serverless: _CPU,
    HardwareClass.gpu: _GPU,
    HardwareClass.tpu: _TPU,
    HardwareClass.neuron: _NEURON,
    HardwareClass.edge: _EDGE,
}
"""Above the model as it is given, which is the first rung everywhere that its chip can run it."""

LANGUAGE: tuple[Precision, ...] = (Precision.bf16, Precision.fp8, Precision.int8, Precision.int4, Precision.fp4)
"""Of a language model, whose engines store weights in these."""

SAFE = frozenset({Precision.fp32, Precision.fp16, Precision.bf16})
"""What keeps the answers' bits where it can: half of the digits, and none of the range that matters."""


_NONE = Unknown("it has no unit for this")


def ladder(service: InferenceService, chip: Chip, *, hopeful: bool) -> Sequence[Recipe]:
    """The rungs to cost on a chip: as given, and, where one may hope for what is not built yet, those that the document allows.

    A rung whose precision the chip is not known to have is left out. The model as it is given stays, so that the reason against
    it shows.
    """
    if not hopeful:
        return (AS_GIVEN,)
    peaks = chip.peak_flops_per_s
    above = (rung for rung in LADDERS[chip.hardware_class] if not isinstance(peaks.get(rung.dtype, _NONE), Unknown))
    return (AS_GIVEN, *(rung for rung in above if _allowed(service, rung)))


def _allowed(service: InferenceService, rung: Recipe) -> bool:
    """By `spec.optimize`: without data to prove it on, nothing that could change answers."""
    optimize, level = service.spec.optimize, service.spec.optimize.level
    if level == "off" or service.model.validation is None or optimize.passes.uses["quantization"] == "off":
        return False
    quantization = optimize.passes.quantization
    words = quantization.precisions if isinstance(quantization, Quantization) else tuple(Allowed)
    return rung.name in words and (level != "safe" or rung.dtype in SAFE)
