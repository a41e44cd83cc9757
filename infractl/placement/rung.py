"""The ladders as data: what may be made of each sort of model for each sort of chip, gentlest first. Nothing is filtered here.

The orders, and which passes go together, are from measurements of this project's own (ONNX Runtime 1.32, OpenVINO 2026.4, one
Zen 5 core): `docs/guides/optimize.md` shows them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from infractl.domain.hardware_class import HardwareClass
from infractl.domain.precision import Precision
from infractl.domain.recipe import Pass, Recipe
from infractl.domain.value import Json
from infractl.placement.model_sort import ModelSort

ORT, OPENVINO, TENSORRT, XLA, NEURON = "onnxruntime", "openvino", "tensorrt", "xla", "neuron"

BF16_UNITS = frozenset({"avx512_bf16", "amx_bf16"})
"""Without one of these instructions OpenVINO's bf16 hint is taken and computes in fp32 all the same."""

INSTRUCTIONS: Mapping[str, frozenset[str]] = {
    "x86-avx2": frozenset({"avx2"}),
    "x86-avx512": frozenset({"avx2", "avx512f"}),
    "x86-avx512-vnni": frozenset({"avx2", "avx512f", "avx512_vnni"}),
    "x86-amx": frozenset({"avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8"}),
    "arm-neoverse-v1": frozenset({"neon", "dotprod", "bf16", "i8mm", "sve"}),
}
"""Of the families of processors in `hardware/chips.yaml`, by what their names say and their makers' manuals."""

_VNNI = frozenset({"avx512_vnni", "avx_vnni", "amx_int8"})
_WIDE = frozenset({"avx512f"})

DENSE_SHARES = (0.25, 0.5, 0.75)
CONV_SHARES = (0.25, 0.5, 0.625)
"""Beyond five eighths a net of convolutions lost more than a refit gives back; over-sized dense layers did not."""
TREES_KEPT = (2 / 3, 1 / 2, 1 / 3)
"""The share of the trees that stays."""


def rungs(sort: ModelSort, hardware: HardwareClass, instructions: Collection[str]) -> tuple[Recipe, ...]:
    """Above the model as it is given. `instructions` are a processor's, by Linux's names; those of other chips don't matter."""
    match hardware:
        case HardwareClass.cpu | HardwareClass.serverless:
            return _cpu(sort, frozenset(instructions))
        case HardwareClass.gpu:
            return () if sort is ModelSort.trees else _gpu(sort)
        case HardwareClass.tpu:
            return () if sort is ModelSort.trees else (_bf16(XLA), _static(XLA, symmetric=True))
        case HardwareClass.neuron:
            return () if sort is ModelSort.trees else (_bf16(NEURON),)
        case HardwareClass.edge:
            return () if sort is ModelSort.trees else (_fp16(), _static(ORT, symmetric=True))


def _cpu(sort: ModelSort, instructions: frozenset[str]) -> tuple[Recipe, ...]:
    bf16 = (_bf16(OPENVINO),) if instructions & BF16_UNITS else ()
    # Sums of two products of 8 bits saturate in 16 where VNNI does not add them in 32 (Intel's VPMADDUBSW).
    narrow = bool(instructions) and not instructions & _VNNI and bool(instructions & {"avx2", "avx512f"})
    block = 16 if instructions & _WIDE or not instructions else 8
    dynamic, static = _dynamic(narrow), _static(ORT, reduce_range=narrow)
    match sort:
        case ModelSort.trees:
            return tuple(_trees(keep) for keep in TREES_KEPT)
        case ModelSort.conv:
            return (*bf16, static, *(_pruned(share, block, static) for share in CONV_SHARES), _distilled())
        case ModelSort.dense:
            return (dynamic, *(_pruned(share, block, dynamic) for share in DENSE_SHARES), _distilled())
        case ModelSort.transformer:
            return (*bf16, dynamic, _static(OPENVINO, reduce_range=narrow))
        case ModelSort.other:
            return (*bf16, dynamic)


def _gpu(sort: ModelSort) -> tuple[Recipe, ...]:
    static = _static(TENSORRT, symmetric=True)
    half = (_fp16(), _bf16(ORT), static)
    return (*half, *(_pruned(share, 16, static) for share in CONV_SHARES)) if sort is ModelSort.conv else half


def _recipe(name: str, dtype: Precision, engine: str, passes: tuple[Pass, ...]) -> Recipe:
    return Recipe(name=name, dtype=dtype, passes=passes, engine=engine)


def _bf16(engine: str) -> Recipe:
    """OpenVINO computes so when it is asked to; others have the weights stored so."""
    if engine == OPENVINO:
        hint = {"INFERENCE_PRECISION_HINT": "bf16"}
        return Recipe(name="bf16-openvino", dtype=Precision.bf16, passes=(), engine=engine, options=hint)
    return _recipe("bf16", Precision.bf16, engine, (Pass(name="bf16", settings={}),))


def _fp16() -> Recipe:
    return _recipe("fp16", Precision.fp16, ORT, (Pass(name="fp16", settings={}),))


def _dynamic(reduce_range: bool) -> Recipe:
    settings: dict[str, Json] = {"reduce_range": True} if reduce_range else {}
    return _recipe("int8-dynamic", Precision.int8, ORT, (Pass(name="int8-dynamic", settings=settings),))


def _static(engine: str, *, symmetric: bool = False, reduce_range: bool = False) -> Recipe:
    """Activations in unsigned bytes, as x86 multiplies them; symmetric signed ones for accelerators."""
    settings: dict[str, Json] = {}
    if engine == OPENVINO:
        settings["by"] = "nncf"
    if engine == TENSORRT:
        settings["form"] = "tensorrt"
    elif symmetric:
        settings["activations"] = "int8"
    if reduce_range:
        settings["reduce_range"] = True
    name = "int8-static-openvino" if engine == OPENVINO else "int8-static"
    return _recipe(name, Precision.int8, engine, (Pass(name="int8-static", settings=settings),))


def _pruned(share: float, block: int, quantized: Recipe) -> Recipe:
    prune = Pass(name="prune", settings={"share": share, "block": block})
    return replace(quantized, name=f"prune-{share:.0%}+{quantized.name}", passes=(prune, *quantized.passes))


def _trees(keep: float) -> Recipe:
    return _recipe(f"trees-{keep:.0%}", Precision.fp32, ORT, (Pass(name="prune-trees", settings={"keep": keep}),))


def _distilled() -> Recipe:
    return _recipe("distill", Precision.fp32, ORT, (Pass(name="distill", settings={}),))
