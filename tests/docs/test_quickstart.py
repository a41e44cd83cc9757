"""What the quickstart's README says of its model holds for the committed files."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from numpy.typing import NDArray

QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart"
VERSIONS = ("1", "2")


@pytest.fixture(scope="module")
def held_out() -> dict[str, NDArray[np.generic]]:
    with np.load(QUICKSTART / "validation.npz") as file:
        return dict(file)


def answer(version: str, pixels: NDArray[np.generic]) -> dict[str, NDArray[np.generic]]:
    session = ort.InferenceSession(QUICKSTART / f"digits-{version}.onnx", providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"pixels": pixels}), strict=True))


@pytest.mark.parametrize("version", VERSIONS)
def test_the_readme_states_the_accuracy_and_the_size_of_each_version(
    version: str, held_out: dict[str, NDArray[np.generic]]
) -> None:
    row = re.search(rf"^\| {version} \|.*$", (QUICKSTART / "README.md").read_text(), re.MULTILINE)
    assert row
    _, _, _, parameters, size, accuracy, _ = (cell.strip() for cell in row[0].split("|"))
    model = onnx.load(QUICKSTART / f"digits-{version}.onnx")

    assert accuracy == f"{np.mean(answer(version, held_out['pixels'])['digit'] == held_out['labels']):.1%}"
    assert parameters == f"{sum(int(np.prod(weight.dims)) for weight in model.graph.initializer):,}"
    assert size == f"{(QUICKSTART / f'digits-{version}.onnx').stat().st_size / 1024:.0f} KiB"


def test_an_answer_tells_which_version_gave_it(held_out: dict[str, NDArray[np.generic]]) -> None:
    first, second = (answer(version, held_out["pixels"])["probabilities"] for version in VERSIONS)

    assert np.mean(np.abs(first - second).max(axis=1) > 1e-3) >= 0.99


def test_the_request_is_a_held_out_digit_that_both_versions_read_right(held_out: dict[str, NDArray[np.generic]]) -> None:
    (tensor,) = json.loads((QUICKSTART / "request.json").read_text())["inputs"]
    pixels = np.array(tensor["data"], dtype=np.float32).reshape(tensor["shape"])

    (index,) = np.flatnonzero((held_out["pixels"] == pixels).all(axis=1))
    assert [answer(version, pixels)["digit"][0] for version in VERSIONS] == [held_out["labels"][index]] * 2
