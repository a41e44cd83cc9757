"""What may be asked of static quantization, and what follows from the form that a target takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from infractl.domain.value import Json
from infractl.optimizer.passes.contract import PassRefusedError
from infractl.optimizer.passes.setting import choice, number, only, truth, words
from infractl.optimizer.quantization.layer import CONVOLUTIONS, PRODUCTS

AROUND = (
    "Add",
    "AveragePool",
    "Clip",
    "Concat",
    "Flatten",
    "GlobalAveragePool",
    "LeakyRelu",
    "MaxPool",
    "Pad",
    "Relu",
    "Reshape",
    "Resize",
    "Squeeze",
    "Transpose",
    "Unsqueeze",
)
"""What stands between convolutions and can stay in int8. Around the products of all-MiniLM-L6 it cost 40 points of accuracy."""

OPERATORS = (*CONVOLUTIONS, *PRODUCTS, *AROUND)
DEFAULT_ROWS = 512
DEFAULT_AGREEMENT = 0.995


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`activations` are `uint8`, for x86, or `int8`; `symmetric`: their zero is 0. `reduce_range`: weights in 7 bits, for x86
    without VNNI. `operators` None: all that go between convolutions where there are any, else matrix products alone.
    `agreement` with the given model below which layers go back; as `dynamic` int8 where they are matrix products.
    """

    by: str
    form: str
    activations: str
    symmetric: bool
    per_channel: bool
    reduce_range: bool
    dynamic: bool
    operators: tuple[str, ...] | None
    agreement: float
    rows: int


def parse(settings: Mapping[str, Json]) -> Settings:
    """Raises PassRefusedError where they mean nothing, or nothing that the target takes."""
    only(
        settings,
        "by",
        "form",
        "activations",
        "symmetric",
        "per_channel",
        "reduce_range",
        "dynamic",
        "op_types",
        "agreement",
        "rows",
    )
    form = choice(settings, "form", "onnxruntime", ("onnxruntime", "tensorrt"))
    by = choice(settings, "by", "onnxruntime", ("onnxruntime", "nncf"))
    for_gpu = form == "tensorrt"
    activations = choice(
        settings, "activations", "int8" if for_gpu or settings.get("symmetric") is True else "uint8", ("uint8", "int8")
    )
    symmetric = truth(settings, "symmetric", activations == "int8")
    if for_gpu and not (activations == "int8" and symmetric):
        raise PassRefusedError("settings", "tensorrt takes activations in int8 alone, and symmetric")
    return Settings(
        by=by,
        form=form,
        activations=activations,
        symmetric=symmetric,
        per_channel=truth(settings, "per_channel", True),
        reduce_range=truth(settings, "reduce_range", False),
        dynamic=truth(settings, "dynamic", not for_gpu and by == "onnxruntime"),
        operators=words(settings, "op_types", OPERATORS, OPERATORS) if "op_types" in settings else None,
        agreement=number(settings, "agreement", DEFAULT_AGREEMENT, least=0.0, most=1.0),
        rows=int(number(settings, "rows", DEFAULT_ROWS, least=1, most=1_000_000)),
    )
