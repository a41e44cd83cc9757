"""The requests that a service is measured with: their sizes are said only where all have them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infractl.errors import UsageError
from infractl.measure.bench.data_file import read_requests
from infractl.measure.bench.generated import generated
from infractl.tensors import Dtype, Signature, TensorSpec

SIGNATURE = Signature(
    inputs=(TensorSpec(name="x", dtype=Dtype.float32, shape=("batch", "length")),),
    outputs=(TensorSpec(name="y", dtype=Dtype.float32, shape=("batch", 2)),),
)


def request(*shape: int, name: object = "x") -> dict[str, object]:
    return {"inputs": [{"name": name, "shape": list(shape), "datatype": "FP32", "data": []}]}


def extents_of(tmp_path: Path, *documents: dict[str, object]) -> dict[str, int]:
    file = tmp_path / "requests.json"
    file.write_text(json.dumps(documents))
    return dict(read_requests(file, SIGNATURE, 1).extents)


def test_a_size_that_all_requests_have_is_said(tmp_path: Path) -> None:
    assert extents_of(tmp_path, request(4, 7), request(4, 7)) == {"batch": 4, "length": 7}


def test_a_size_in_which_they_differ_is_not(tmp_path: Path) -> None:
    assert extents_of(tmp_path, request(1, 7), request(64, 7)) == {"length": 7}


def test_a_name_that_is_none_and_a_size_of_nothing_say_nothing(tmp_path: Path) -> None:
    assert extents_of(tmp_path, request(4, 7, name=["x"])) == {}
    assert extents_of(tmp_path, request(0, 7)) == {}


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it is no file"):
        read_requests(tmp_path, SIGNATURE, 1)


def test_sizes_that_no_request_can_have_are_refused_before_anything_is_made() -> None:
    with pytest.raises(UsageError, match="5,120,000,000 numbers"):
        generated(SIGNATURE, {"batch": 10_000_000, "length": 512})
