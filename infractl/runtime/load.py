"""From a release's settings to warm sessions: verify the file, open it as often as there are instances, call each. Blocks."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from infractl.engines.engine import Session, SessionOptions
from infractl.engines.registry import open_engine
from infractl.errors import ModelError
from infractl.protocol.data import SENDABLE, numpy_dtype
from infractl.protocol.settings import ReleaseSettings
from infractl.runtime.joining import Tensors
from infractl.tensors import Dtype, Signature, TensorSpec

_TIMED_CALLS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Warm sessions of one model."""

    sessions: Sequence[Session]
    call_s: float | None
    """The time of a call with the largest batch; None where nothing was called, or where clients choose how large an item is."""


def load(settings: ReleaseSettings) -> Loaded:
    """Open the model, and call it.

    Raises ModelError where the file has another digest, cannot be opened or run, or is about what JSON cannot carry.
    """
    path = Path(settings.path)
    _verify(path, settings.digest)
    open_session = open_engine(settings.engine)
    options = SessionOptions(threads=settings.threads, options=settings.options)
    sessions = [open_session(path, options) for _ in range(settings.instances)]
    _check_sendable(sessions[0].signature, path)
    for session in sessions:
        _warm_up(session, settings)
    return Loaded(sessions=sessions, call_s=_call_s(sessions[0], settings))


def _verify(path: Path, digest: str) -> None:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError.of(
            "model-missing", summary="the model file cannot be read", detail=error.strerror or "", at=str(path)
        ) from error
    if found != digest:
        raise ModelError.of(
            "model-digest",
            summary="the model file is not the one that was planned",
            detail=f"its sha256 is {found}, not {digest}",
            at=str(path),
            remedy="apply again, which copies the artifact anew",
        )


def _check_sendable(signature: Signature, path: Path) -> None:
    """No request could be answered: better that the release fails than that it is called ready."""
    for spec in (*signature.inputs, *signature.outputs):
        if spec.dtype not in SENDABLE:
            raise ModelError.of(
                "model-unsendable-type",
                summary="an input or output has an element type that JSON cannot carry",
                detail=f"{spec.name} is {spec.dtype}",
                at=str(path),
                remedy="export the model with FP32 inputs and outputs; inside it may compute in any type",
            )


def _warm_up(session: Session, settings: ReleaseSettings) -> None:
    """The first calls of a session allocate; a call with the largest batch shows that the model takes it."""
    signature = session.signature
    if not settings.warmup:
        return
    try:
        for _ in range(settings.warmup):
            session.run(_zeros(signature, 1))
        if signature.batched and settings.max_batch > 1:
            session.run(_zeros(signature, settings.max_batch))
    except ModelError:
        # Where a size had to be made up, a refusal says nothing about the sizes that users send.
        if all(_is_known(spec) for spec in signature.inputs):
            raise


def _call_s(session: Session, settings: ReleaseSettings) -> float | None:
    """The fastest of several calls: what else the machine does only ever makes them slower."""
    signature = session.signature
    if not settings.warmup or not all(map(_is_known, signature.inputs)):
        return None
    inputs = _zeros(signature, settings.max_batch if signature.batched else 1)

    def seconds() -> float:
        began_s = time.perf_counter()
        session.run(inputs)
        return time.perf_counter() - began_s

    return min(seconds() for _ in range(_TIMED_CALLS))


def _is_known(spec: TensorSpec) -> bool:
    return all(isinstance(axis, int) for axis in spec.shape[1:])


def _zeros(signature: Signature, items: int) -> Tensors:
    """Zeros, or empty strings, for each input; a dynamic axis other than the first has one element."""
    return {
        spec.name: np.full(_size(spec, items), "" if spec.dtype is Dtype.bytes_ else 0, dtype=numpy_dtype(spec.dtype))
        for spec in signature.inputs
    }


def _size(spec: TensorSpec, items: int) -> tuple[int, ...]:
    return tuple(axis if isinstance(axis, int) else items if position == 0 else 1 for position, axis in enumerate(spec.shape))
