"""Data that cannot be used, and what is said about it: a folder for each case. INFRACTL_GOLDENS=1 rewrites what is expected.

`case.yaml` has the model's inputs, the name of the labels, and the data: `arrays` by name as an npz, one `array` as an npy, or a
`file` beside it. `cut` takes so many bytes off its end.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from infractl.errors import DataError
from infractl.optimizer.data.load import load
from infractl.report.diagnostic import render
from infractl.tensors import Dtype, Signature, TensorSpec

CASES = Path(__file__).parents[2] / "cases" / "optimizer" / "data"


@pytest.mark.parametrize("case", sorted(p.name for p in CASES.iterdir() if p.is_dir()))
def test_data_that_cannot_be_used_is_explained(case: str, tmp_path: Path) -> None:
    told = yaml.safe_load((CASES / case / "case.yaml").read_text())
    inputs = [TensorSpec(name=n, dtype=Dtype(i["dtype"]), shape=tuple(i["shape"])) for n, i in told["inputs"].items()]
    path = written(told, CASES / case, tmp_path)

    with pytest.raises(DataError) as raised:
        load(path, Signature(inputs=tuple(inputs), outputs=()), told.get("labels"))

    text = re.sub(r"[^\s:]*/(data\.\w+)", r"…/\1", render(raised.value.diagnostics))
    expected = CASES / case / "expected.txt"
    if os.environ.get("INFRACTL_GOLDENS"):
        expected.write_text(text)
    assert text == expected.read_text()
    assert all(d.detail and d.remedy for d in raised.value.diagnostics)


def written(told: Any, case: Path, folder: Path) -> Path:
    if "file" in told:
        path = case / told["file"] if (case / told["file"]).exists() else folder / told["file"]
        if told.get("directory"):
            path.mkdir()
        return path
    if "array" in told:
        path = folder / "data.npy"
        np.save(path, np.array(told["array"]))
    else:
        path = folder / "data.npz"
        kind = object if told.get("pickled") else None
        arrays = {name: np.array(values, dtype=kind) for name, values in told["arrays"].items()}
        np.savez(path, **{name: array.reshape(told.get("shape", {}).get(name, array.shape)) for name, array in arrays.items()})
    content = path.read_bytes()
    path.write_bytes(content[: len(content) - told.get("cut", 0)])
    return path
