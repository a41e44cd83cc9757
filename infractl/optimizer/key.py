"""What a build, a verdict and a walk depend on, as a key: the same key, the same outcome."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

from infractl.domain.recipe import Recipe
from infractl.domain.value import Json
from infractl.optimizer.passes.contract import PassRefusedError
from infractl.optimizer.passes.registry import find_pass
from infractl.optimizer.rows import Rows
from infractl.optimizer.student.teach import ELSEWHERE
from infractl.state.codec import digest, encode
from infractl.tensors import Tensor

_FORMAT = 1
"""Grows where a record's form or a rule of building and judging changes."""

_LIBRARIES = ("numpy", "onnx", "onnxruntime", "openvino", "nncf", "torch")


def build_key(model_digest: str, recipe: Recipe, data: Sequence[str], seed: int) -> str:
    """Of what a recipe makes of a model, by the digests of the rows that passes see."""
    passes: list[Json] = [[step.name, pass_version(step.name)] for step in recipe.passes]
    return digest(["build", _FORMAT, model_digest, encode(recipe), passes, libraries(), list(data), seed])


def key_of(sort: str, parts: Mapping[str, Json]) -> str:
    """Of anything else that is found out with these libraries."""
    return digest([sort, _FORMAT, libraries(), parts])


def pass_version(name: str) -> int | None:
    """None where the pass cannot be had here: what comes of that is not kept for the day on which it can."""
    try:
        return find_pass(name).version
    except PassRefusedError:
        return None


def libraries() -> dict[str, str | None]:
    """The versions of what changes and runs models; None where it is not installed. PyTorch may be another interpreter's."""
    return {**{name: _version(name) for name in _LIBRARIES}, ELSEWHERE: os.environ.get(ELSEWHERE)}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def rows_digest(rows: Rows) -> str:
    """The sha256 (hex) of names, types, shapes and values, labels included."""
    found = hashlib.sha256()
    labels = [] if rows.labels is None else [("labels", rows.labels)]
    for name, tensor in (*sorted(rows.inputs.items()), *labels):
        found.update(f"{name}\0{tensor.dtype.str}\0{tensor.shape}\0".encode())
        found.update(_bytes(tensor))
    return found.hexdigest()


def _bytes(tensor: Tensor) -> bytes:
    import numpy as np

    if tensor.dtype == np.object_:
        return "\0".join(f"{len(text)}:{text}" for text in map(str, tensor.reshape(-1).tolist())).encode()
    return np.ascontiguousarray(tensor).tobytes()
