"""The starter that init writes: valid, true to the model, and ready to be planned."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from infractl.errors import UsageError
from infractl.spec.load import load_project
from infractl.workflows.init import init


def conv(path: Path) -> Path:
    weight = numpy_helper.from_array(np.ones((4, 1, 3, 3), np.float32), "w")
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["y"])],
        "conv",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4, 6, 6])],
        [weight],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


def test_a_starter_loads_and_names_what_the_model_takes_and_gives(
    tmp_path: Path, make_mlp: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_mlp(Path("Fraud Model v2.onnx"), (30, 8, 2))

    starter = init(Path("Fraud Model v2.onnx"), Path())

    (loaded,) = load_project([Path()]).services
    text = starter.document.read_text()
    assert loaded.service.name == starter.service == "fraud-model-v2"
    assert loaded.service.spec.slo.latency.p99 == 0.05
    assert "features FP32 [batch, 30]" in text and "scores FP32 [batch, 2]" in text
    assert "266 parameters" in text  # 30*8 + 8 + 8*2 + 2


def test_a_model_whose_cost_is_not_known_gets_no_slo_that_plan_would_refuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    starter = init(conv(Path("eyes.onnx")), Path())

    (loaded,) = load_project([Path()]).services
    assert loaded.service.spec.slo.latency.limits_s == {}
    assert "not known (Conv)" in starter.document.read_text()


def test_init_writes_over_nothing(tmp_path: Path, make_mlp: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    model = make_mlp(Path("fraud.onnx"))
    Path("infractl.yaml").write_text("project: mine\n")
    init(model, Path())

    with pytest.raises(UsageError, match="file-exists"):
        init(model, Path())

    assert Path("infractl.yaml").read_text() == "project: mine\n"
