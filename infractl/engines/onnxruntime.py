"""ONNX Runtime on the CPU. What its exceptions say leaves here as a ModelError, cut to the part that helps."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state

from infractl.engines.engine import SessionOptions
from infractl.errors import ModelError
from infractl.tensors import Dtype, Signature, Tensor, TensorSpec

_DTYPES = {
    "tensor(bool)": Dtype.bool_,
    "tensor(uint8)": Dtype.uint8,
    "tensor(uint16)": Dtype.uint16,
    "tensor(uint32)": Dtype.uint32,
    "tensor(uint64)": Dtype.uint64,
    "tensor(int8)": Dtype.int8,
    "tensor(int16)": Dtype.int16,
    "tensor(int32)": Dtype.int32,
    "tensor(int64)": Dtype.int64,
    "tensor(float16)": Dtype.float16,
    "tensor(bfloat16)": Dtype.bfloat16,
    "tensor(float)": Dtype.float32,
    "tensor(double)": Dtype.float64,
    "tensor(string)": Dtype.bytes_,
}

# Its own exceptions share no base but Exception.
_ENGINE_FAILURES: tuple[type[Exception], ...] = (
    *(e for e in vars(onnxruntime_pybind11_state).values() if isinstance(e, type) and issubclass(e, Exception)),
    RuntimeError,
    ValueError,
    TypeError,
    MemoryError,
)
_ENGINE_OR_DISK_FAILURES: tuple[type[Exception], ...] = (*_ENGINE_FAILURES, OSError)
# An error comes as an exception; a line on stderr beside it would say it twice.
_FATAL_ONLY = 4
_LONGEST_MESSAGE = 300


class OnnxSession:
    """A Session over an ONNX file."""

    def __init__(self, session: onnxruntime.InferenceSession, signature: Signature) -> None:
        self._session = session
        self._signature = signature
        self._outputs = [output.name for output in signature.outputs]

    @property
    def signature(self) -> Signature:
        return self._signature

    def run(self, inputs: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Every output by name. Raises ModelError."""
        try:
            found = self._session.run(self._outputs, inputs)
        except _ENGINE_FAILURES as error:
            raise ModelError.of(
                "model-run", summary="the engine cannot run the model on these inputs", detail=useful_part(str(error))
            ) from error
        return dict(zip(self._outputs, found, strict=True))


def open_session(path: Path, options: SessionOptions) -> OnnxSession:
    """Open the ONNX file at `path`. Raises ModelError where it is missing, cannot be read or is about more than tensors."""
    session = _opened(path, _session_options(options))
    return OnnxSession(session, _signature(session, path))


def signature_of(path: Path) -> Signature:
    """What the ONNX file at `path` takes and gives. Raises ModelError as `open_session` does."""
    options = _session_options(SessionOptions(options={"session.disable_prepacking": "1"}))
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return _signature(_opened(path, options), path)


def _opened(path: Path, options: onnxruntime.SessionOptions) -> onnxruntime.InferenceSession:
    if not path.is_file():
        raise ModelError.of(
            "model-missing",
            summary="there is no model file here",
            detail="it is a directory" if path.is_dir() else "",
            at=str(path),
            remedy="correct the path of the model",
        )
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except _ENGINE_FAILURES as error:
        raise _unreadable(path, error) from error


def optimized_model(path: Path) -> bytes:
    """The model as the engine executes it on this CPU, in ONNX's format with the engine's own operators in it. Nothing is run.

    The engine writes it out with all weights, so time and memory grow with them. Raises ModelError where it cannot open the file.
    """
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = _FATAL_ONLY
    # Weights are packed for the kernels only after the graph is written.
    options.add_session_config_entry("session.disable_prepacking", "1")
    try:
        with TemporaryDirectory(prefix="infractl-", ignore_cleanup_errors=True) as directory:
            written = Path(directory) / "optimized.onnx"
            options.optimized_model_filepath = str(written)
            onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
            return written.read_bytes()
    except _ENGINE_OR_DISK_FAILURES as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> ModelError:
    return ModelError.of(
        "model-unreadable",
        summary="ONNX Runtime cannot open this file as a model",
        detail=useful_part(str(error)),
        at=str(path),
        remedy="export the model to ONNX again",
    )


def useful_part(message: str) -> str:
    """ONNX Runtime's message without its codes and the path, in one line."""
    text = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", " ".join(message.split()))
    text = re.sub(r"^Load model from .*? failed:\s*", "", text)
    return text if len(text) <= _LONGEST_MESSAGE else text[:_LONGEST_MESSAGE] + "…"


def _session_options(options: SessionOptions) -> onnxruntime.SessionOptions:
    made = onnxruntime.SessionOptions()
    made.intra_op_num_threads = options.threads
    made.inter_op_num_threads = 1
    made.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    made.add_session_config_entry("session.intra_op.allow_spinning", "1" if options.spinning else "0")
    made.log_severity_level = _FATAL_ONLY
    for name, value in options.options.items():
        made.add_session_config_entry(name, value)
    return made


def _signature(session: onnxruntime.InferenceSession, path: Path) -> Signature:
    # One counter for the whole model: two axes without a name must not be taken for the same one.
    unnamed = itertools.count()
    return Signature(
        inputs=tuple(_spec(node, path, unnamed) for node in session.get_inputs()),
        outputs=tuple(_spec(node, path, unnamed) for node in session.get_outputs()),
    )


def _spec(node: Any, path: Path, unnamed: Iterator[int]) -> TensorSpec:
    if node.type not in _DTYPES:
        raise ModelError.of(
            "model-unsupported-type",
            summary="an input or output is no tensor of a known element type",
            detail=f"{node.name} is a {node.type}",
            at=str(path),
            remedy="export the model with plain tensors, without ZipMap for scikit-learn models",
        )
    return TensorSpec(name=node.name, dtype=_DTYPES[node.type], shape=_shape(node.shape, unnamed))


def _shape(axes: Sequence[int | str | None], unnamed: Iterator[int]) -> tuple[int | str, ...]:
    """A dynamic axis keeps its name; a first one without a name is the batch, as every exporter means it."""

    def axis(position: int, given: int | str | None) -> int | str:
        if (isinstance(given, str) and given) or (isinstance(given, int) and given >= 0):
            return given
        return "batch" if position == 0 else f"dim_{next(unnamed)}"

    return tuple(axis(position, given) for position, given in enumerate(axes))
