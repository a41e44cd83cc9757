"""A model whose requests have a length: a promise needs to know it, and a plan follows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper


@pytest.fixture
def sequences(folder: Any) -> Any:
    """The project with a model that takes [batch, sequence, 64]."""
    shape = ["batch", "sequence", 64]
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "sequence",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(np.ones((64, 64), np.float32), "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, folder.path / "one.onnx")
    return folder


def declare(folder: Any, shapes: str) -> None:
    folder.write(p99="900ms")
    file: Path = folder.path / "scores.yaml"
    file.write_text(file.read_text().replace("peak: 20/s", f"peak: 20/s, shapes: {shapes}"))
    assert shapes in file.read_text()


def test_without_it_the_refusal_says_where_to_declare_it(sequences: Any) -> None:
    declare(sequences, "{}")

    refused = sequences.run("plan", code=1)

    assert "the size of axis sequence" in refused.stderr
    assert "spec.traffic.shapes: {sequence: NUMBER}" in refused.stderr


def test_a_misspelt_dimension_is_told_with_those_that_there_are(sequences: Any) -> None:
    declare(sequences, "{sequnce: 128}")

    refused = sequences.run("plan", code=1)

    assert "error[dimension-unknown]" in refused.stderr
    assert "sequnce, where its dynamic dimensions are batch, sequence" in refused.stderr


def test_longer_requests_are_predicted_to_take_longer(sequences: Any) -> None:
    p50_s = []
    for length in (8, 1024):
        declare(sequences, f"{{sequence: {length}}}")
        placement = sequences.plan()["plan"]["services"][0]["deployment"]["stable"]["placement"]
        p50_s.append(placement["prediction"]["latency_s"]["50"]["value"])

    assert p50_s[1] > 5 * p50_s[0]
