"""OpenVINO on the CPU, over ONNX files. It takes wrong inputs without a word, so that they are checked here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np

from infractl.engines.engine import SessionOptions
from infractl.engines.onnxruntime import signature_of
from infractl.engines.telemetry import silent
from infractl.errors import ModelError
from infractl.tensors import Dtype, Signature, Tensor, TensorSpec

with silent():
    import openvino

_DTYPES = {
    Dtype.bool_: np.bool_,
    Dtype.uint8: np.uint8,
    Dtype.uint16: np.uint16,
    Dtype.uint32: np.uint32,
    Dtype.uint64: np.uint64,
    Dtype.int8: np.int8,
    Dtype.int16: np.int16,
    Dtype.int32: np.int32,
    Dtype.int64: np.int64,
    Dtype.float16: np.float16,
    Dtype.float32: np.float32,
    Dtype.float64: np.float64,
}

_ALWAYS: Mapping[str, str] = {
    "PERFORMANCE_HINT": "LATENCY",
    "NUM_STREAMS": "1",
    # Sessions that lie side by side would all be bound to the same cores.
    "ENABLE_CPU_PINNING": "NO",
    # Left to itself, it computes in bf16 wherever the CPU can: a model would answer otherwise on another machine.
    "INFERENCE_PRECISION_HINT": "f32",
}

_LONGEST_MESSAGE = 300


class OpenVinoSession:
    """A Session over an ONNX file."""

    def __init__(self, compiled: openvino.CompiledModel, signature: Signature) -> None:
        self._request = compiled.create_infer_request()
        self._signature = signature
        positions = {name: position for position, output in enumerate(compiled.outputs) for name in output.get_names()}
        self._outputs = [(output.name, positions.get(output.name, i)) for i, output in enumerate(signature.outputs)]

    @property
    def signature(self) -> Signature:
        return self._signature

    def run(self, inputs: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Every output by name. Raises ModelError."""
        if wrong := _mismatch(self._signature, inputs):
            raise _cannot_run(wrong)
        try:
            found = self._request.infer(dict(inputs), share_inputs=True)
        except (RuntimeError, TypeError, ValueError) as error:
            raise _cannot_run(useful_part(str(error))) from error
        return {name: found[position] for name, position in self._outputs}


def open_session(path: Path, options: SessionOptions) -> OpenVinoSession:
    """Open the ONNX file at `path`.

    Raises ModelError where it is missing, cannot be read or is about more than tensors, and for options that it does not take.
    """
    signature = signature_of(path)
    properties = {**_ALWAYS, "INFERENCE_NUM_THREADS": str(options.threads), **options.options}
    try:
        compiled = _core().compile_model(str(path), "CPU", properties)
    except RuntimeError as error:
        raise _not_opened(path, useful_part(str(error))) from error
    return OpenVinoSession(compiled, signature)


@cache
def _core() -> openvino.Core:
    """One for the process: each loads its plugins anew."""
    return openvino.Core()


def _mismatch(signature: Signature, inputs: Mapping[str, Tensor]) -> str:
    """What is wrong with these inputs, in one sentence; empty where nothing is."""
    named = {spec.name for spec in signature.inputs}
    if inputs.keys() != named:
        return f"the inputs are {', '.join(sorted(named))}, and these were given: {', '.join(sorted(inputs)) or 'none'}"
    sizes: dict[str, int] = {}
    for spec in signature.inputs:
        tensor = inputs[spec.name]
        if tensor.dtype != _DTYPES.get(spec.dtype):
            return f"{spec.name} is {spec.dtype}, and {tensor.dtype} was given"
        if not _fits(spec, tensor.shape, sizes):
            return f"{spec.name} is {list(spec.shape)}, and {list(tensor.shape)} was given"
    return ""


def _fits(spec: TensorSpec, shape: tuple[int, ...], sizes: dict[str, int]) -> bool:
    """Whether the shape is what is declared. An axis that has a name has one size in all inputs, which `sizes` keep.

    A name that one input has twice is none: some exporters write "?" for every axis that is free.
    """
    if len(shape) != len(spec.shape):
        return False
    axes = zip(spec.shape, shape, strict=True)
    return all(_declared(axis, size, spec, sizes) == size for axis, size in axes)


def _declared(axis: int | str, size: int, spec: TensorSpec, sizes: dict[str, int]) -> int:
    if isinstance(axis, int):
        return axis
    return size if spec.shape.count(axis) > 1 else sizes.setdefault(axis, size)


def _cannot_run(detail: str) -> ModelError:
    return ModelError.of("model-run", summary="the engine cannot run the model on these inputs", detail=detail)


def _not_opened(path: Path, detail: str) -> ModelError:
    if "propert" in detail:
        return ModelError.of(
            "engine-options",
            summary="the engine does not take these options",
            detail=detail,
            at=str(path),
            remedy="correct the options of the recipe",
        )
    return ModelError.of(
        "model-unreadable",
        summary="OpenVINO cannot open this file as a model",
        detail=detail,
        at=str(path),
        remedy="serve it with onnxruntime, or export the model to ONNX again",
    )


def useful_part(message: str) -> str:
    """OpenVINO's message without the places in its source, in one line."""
    lines = (line.strip() for line in message.splitlines())
    text = " ".join(line for line in lines if line and not line.startswith(("Exception from ", "Check '")))
    return text if len(text) <= _LONGEST_MESSAGE else text[:_LONGEST_MESSAGE] + "…"
