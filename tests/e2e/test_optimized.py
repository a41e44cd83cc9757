"""A service with validation data is planned and served with what the optimizer made of its model, and planned so again."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest

from infractl.engines.engine import SessionOptions
from infractl.engines.registry import open_engine
from tests.optimizer.network import dense

VALIDATED = "{validation: {data: data.npz, labels: y, maxDrop: 0.05}, "
QUANTIZED = "  optimize: {passes: {pruning: off}}\n"


@pytest.fixture
def validated(folder: Any) -> Any:
    """A service of a network that is wide enough for int8 to be several times as fast."""
    session = open_engine("onnxruntime")(dense(folder.path / "dense.onnx", width=1024), SessionOptions())
    x = np.random.default_rng(1).normal(size=(1200, 8)).astype(np.float32)
    np.savez(folder.path / "data.npz", x=x, y=np.asarray(session.run({"x": x})["y"]).argmax(axis=1))
    folder.write(uri="dense.onnx", extra=QUANTIZED)
    service = folder.path / "scores.yaml"
    service.write_text(service.read_text().replace("model: {", f"model: {VALIDATED}"))
    return folder


def test_what_was_proven_is_served_and_a_second_plan_builds_and_changes_nothing(validated: Any) -> None:
    first = validated.run("apply", "--auto-approve")
    assert "Optimizing the model of scores" in first.stderr
    assert re.search(r"int8-dynamic is served: \d\.\d+ times as fast as the given model; accuracy 9\d", first.stdout)
    assert re.search(r"at most \d\.?\d* points worse, 5 allowed \(\d+ held-out rows\)", first.stdout)

    release = json.loads(validated.run("state", "show", "scores", "--json").stdout)["deployment"]["stable"]
    assert release["artifact"]["recipe"]["name"] == release["placement"]["recipe"]["name"] == "int8-dynamic"
    assert release["artifact"]["digest"] != release["artifact"]["source_digest"]

    again = validated.run("plan", "--detailed-exitcode")
    assert "Optimizing" not in again.stderr


def test_a_level_of_off_leaves_the_model_as_it_is(validated: Any) -> None:
    service = validated.path / "scores.yaml"
    service.write_text(service.read_text().replace(QUANTIZED, "  optimize: {level: off}\n"))

    done = validated.run("apply", "--auto-approve")

    assert "Optimizing" not in done.stderr
    release = json.loads(validated.run("state", "show", "scores", "--json").stdout)["deployment"]["stable"]
    assert release["artifact"]["recipe"]["name"] == "fp32"


def test_data_that_does_not_fit_the_model_is_an_error_of_the_plan(validated: Any) -> None:
    np.savez(validated.path / "data.npz", x=np.zeros((500, 9), np.float32), y=np.zeros(500, np.int64))

    assert "error[data-shape]" in validated.run("plan", code=1).stderr
