"""Engines by name. An engine is imported only when one is opened."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from infractl.engines.engine import Session, SessionOptions
from infractl.errors import ModelError

Opener = Callable[[Path, SessionOptions], Session]

_MODULES = {"onnxruntime": "infractl.engines.onnxruntime", "openvino": "infractl.engines.openvino"}
_INSTALLED_BY = {"onnxruntime": "pip install onnxruntime", "openvino": "pip install 'infractl[openvino]'"}

HERE = frozenset(_MODULES)
"""The engines that this version can open. Others run on their target alone."""


def stand_in(name: str) -> str:
    """The engine that opens and judges here what the one called `name` serves on its target: itself, or ONNX Runtime."""
    return name if name in HERE else "onnxruntime"


def open_engine(name: str) -> Opener:
    """What opens model files with the engine called `name`. Raises ModelError where there is no such engine."""
    if name not in _MODULES:
        raise ModelError.of(
            "engine-unknown",
            summary="there is no such engine",
            detail=f"{name} is not among: {', '.join(_MODULES)}",
            remedy="choose one of the known engines",
        )
    try:
        opener: Opener = import_module(_MODULES[name]).open_session
    except ImportError as error:
        raise ModelError.of(
            "engine-not-installed",
            summary="this engine is not installed",
            detail=f"{name}: {error}",
            remedy=_INSTALLED_BY[name],
        ) from error
    return opener
