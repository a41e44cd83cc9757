"""What each version of the model answers by itself: ONNX Runtime called directly, against which served answers are held."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

Tensors = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """Held-out digits that the versions answer differently, and each version's own answers to them, in order."""

    pixels: NDArray[np.float32]
    answers: Mapping[str, Tensors]

    def bodies(self) -> list[bytes]:
        """One request for each digit."""
        return [json.dumps({"inputs": [tensor("pixels", "FP32", row[None, :])]}).encode() for row in self.pixels]

    def author(self, sample: int, body: bytes) -> str | None:
        """The version whose own answer this is, where it is exactly one's."""
        try:
            served = outputs(json.loads(body))
        except (ValueError, KeyError, TypeError):
            return None
        authors = [version for version, own in self.answers.items() if same(served, {n: v[sample] for n, v in own.items()})]
        return authors[0] if len(authors) == 1 else None


def load_versions(folder: Path, files: Mapping[str, str], count: int) -> Versions:
    """The first `count` held-out digits to which the versions in `files` (version to file name) clearly answer differently."""
    with np.load(folder / "validation.npz") as held_out:
        pixels = held_out["pixels"]
    answers = {version: run(folder / name, {"pixels": pixels}) for version, name in files.items()}
    first, second = (a["probabilities"] for a in answers.values())
    chosen = np.flatnonzero(np.abs(first - second).max(axis=1) > 1e-3)[:count]
    return Versions(
        pixels=pixels[chosen],
        answers={version: {n: v[chosen] for n, v in own.items()} for version, own in answers.items()},
    )


def run(model: Path, inputs: Tensors) -> Tensors:
    """Every output by name, from ONNX Runtime itself."""
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, dict(inputs)), strict=True))


def same(served: Tensors, own: Tensors) -> bool:
    """Whether all outputs are there and equal, but for the last digits that another batch size may round differently."""
    return served.keys() == own.keys() and all(
        served[n].size == own[n].size and np.allclose(served[n].ravel(), own[n].ravel(), rtol=1e-4, atol=1e-5) for n in own
    )


def tensor(name: str, datatype: str, values: NDArray[Any]) -> dict[str, Any]:
    return {"name": name, "shape": list(values.shape), "datatype": datatype, "data": values.ravel().tolist()}


def inputs(request: Mapping[str, Any]) -> Tensors:
    """An Open Inference Protocol request's FP32 inputs."""
    return {t["name"]: np.array(t["data"], dtype=np.float32).reshape(t["shape"]) for t in request["inputs"]}


def outputs(response: Mapping[str, Any]) -> Tensors:
    """An Open Inference Protocol response's outputs."""
    tensors: Sequence[Mapping[str, Any]] = response["outputs"]
    return {t["name"]: np.array(t["data"]).reshape(t["shape"]) for t in tensors}
