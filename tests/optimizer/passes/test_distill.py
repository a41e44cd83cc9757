"""Students: they answer as the given model does, look as it does, and are refused where none can be taught."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx import helper

from infractl.engines.engine import SessionOptions
from infractl.engines.onnxruntime import open_session
from infractl.optimizer.passes.contract import PassRefusedError, Work
from infractl.optimizer.passes.distill import Distill
from infractl.optimizer.rows import Rows
from infractl.optimizer.student.teach import ELSEWHERE
from tests.optimizer.passes.conftest import MakeWork, noise, saved, tensor
from tests.optimizer.passes.teaching import torch

__all__ = ["torch"]


@pytest.fixture
def clusters(tmp_path: Path) -> Path:
    """Which of ten places a row is nearest to: `x` FP32 [n, 6] → `y` [n, 10], the larger the nearer."""
    places = np.random.default_rng(0).standard_normal((10, 6)) * 3
    weights = [tensor("places", 2 * places.T), tensor("lengths", -(places**2).sum(axis=1))]
    nodes = [helper.make_node("Gemm", ["x", "places", "lengths"], ["y"])]
    return saved(tmp_path / "clusters.onnx", nodes, weights, ["n", 6], ["n", 10])


@pytest.mark.usefixtures("torch")
def test_a_student_answers_as_its_teacher_does_on_rows_that_it_never_saw(clusters: Path, make_work: MakeWork) -> None:
    made = Distill().run(make_work(clusters, {"student": "mlp 32", "epochs": 30}, rows=1500))

    rows = noise(clusters, 500, seed=9).inputs
    (wanted,), (found,) = (onnxruntime.InferenceSession(str(path)).run(None, dict(rows)) for path in (clusters, made.model))
    assert (wanted.argmax(axis=1) == found.argmax(axis=1)).mean() > 0.88
    assert made.figures["agreement"] > 0.88
    assert made.figures["parameters"] == 32 * 7 + 10 * 33


@pytest.mark.usefixtures("torch")
def test_a_net_of_photos_is_taught_by_rows_made_of_few_and_is_the_same_each_time(convolutions: Path, make_work: MakeWork) -> None:
    settings = {"student": "conv 4-8 stride 2", "augment": "image", "rows": 500, "epochs": 1}

    models = [Distill().run(make_work(convolutions, settings, rows=32)).model for _ in range(2)]

    assert models[0].read_bytes() == models[1].read_bytes()
    given, student = (open_session(path, SessionOptions()).signature for path in (convolutions, models[0]))
    assert student == given


@pytest.mark.usefixtures("torch")
def test_a_forest_becomes_a_perceptron_with_labels_and_probabilities(tmp_path: Path) -> None:
    from skl2onnx import to_onnx
    from sklearn.datasets import load_iris
    from sklearn.ensemble import RandomForestClassifier

    rows, numbers = load_iris(return_X_y=True)
    rows, names = rows.astype(np.float32), np.array(["setosa", "versicolor", "virginica"])[numbers]
    forest = RandomForestClassifier(20, random_state=0).fit(rows, names)
    path = tmp_path / "forest.onnx"
    path.write_bytes(to_onnx(forest, rows[:1], options={"zipmap": False}, target_opset=17).SerializeToString())

    made = Distill().run(work_on(path, {"augment": "table", "rows": 3000, "epochs": 10}, tmp_path, X=rows))

    given, student = (open_session(each, SessionOptions()) for each in (path, made.model))
    assert student.signature == given.signature
    found = student.run({"X": rows})
    assert (found["label"] == given.run({"X": rows})["label"]).mean() > 0.88
    np.testing.assert_allclose(found["probabilities"].sum(axis=1), 1, rtol=1e-5)


@pytest.mark.usefixtures("torch")
def test_values_are_learnt_in_their_own_units(tmp_path: Path) -> None:
    weights = [tensor("w", [[300.0], [-200.0]]), tensor("b", [5000.0])]
    path = saved(tmp_path / "value.onnx", [helper.make_node("Gemm", ["x", "w", "b"], ["y"])], weights, ["n", 2], ["n", 1])
    rows = np.random.default_rng(0).uniform(50, 60, (1000, 2)).astype(np.float32)

    made = Distill().run(work_on(path, {"student": "mlp 16", "epochs": 30}, tmp_path, x=rows))

    (found,) = onnxruntime.InferenceSession(str(made.model)).run(None, {"x": rows})
    expected = rows @ np.array([[300.0], [-200.0]]) + 5000
    assert np.abs(found - expected).mean() < 0.1 * expected.std()


@pytest.mark.usefixtures("torch")
@pytest.mark.parametrize(
    "settings",
    [{"student": "conv 8"}, {"student": "big"}, {"student": 3}, {"augment": "image"}, {"epochs": 0}, {"teacher": "me"}],
    ids=str,
)
def test_settings_that_do_not_fit_are_refused(settings: Mapping[str, Any], clusters: Path, make_work: MakeWork) -> None:
    with pytest.raises(PassRefusedError) as refused:
        Distill().run(make_work(clusters, settings))

    assert refused.value.code == "settings"


@pytest.mark.usefixtures("torch")
def test_too_few_rows_teach_nothing(clusters: Path, make_work: MakeWork) -> None:
    with pytest.raises(PassRefusedError, match="no-data: a student learns from 32 rows or more, and there are 31"):
        Distill().run(make_work(clusters, rows=31))


@pytest.mark.skipif(find_spec("torch") is not None, reason="PyTorch is installed beside infractl")
def test_without_pytorch_the_refusal_says_what_to_install(
    clusters: Path, make_work: MakeWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ELSEWHERE, raising=False)

    with pytest.raises(PassRefusedError) as refused:
        Distill().run(make_work(clusters))

    assert (refused.value.code, "pip install 'infractl[distill]'" in refused.value.why) == ("not-installed", True)


def test_an_interpreter_that_lacks_pytorch_is_told(
    clusters: Path, make_work: MakeWork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "python"
    # Nothing that is installed is in reach.
    bare.write_text(f"#!/bin/sh\nexec {sys.executable} -I -S -c 'import torch'\n")
    bare.chmod(0o755)
    monkeypatch.setenv(ELSEWHERE, str(bare))

    with pytest.raises(PassRefusedError, match="not-installed: ModuleNotFoundError: No module named 'torch'"):
        Distill().run(make_work(clusters))


def test_an_interpreter_that_is_not_there_is_told(clusters: Path, make_work: MakeWork, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ELSEWHERE, os.fspath(Path("nowhere/python").absolute()))

    with pytest.raises(PassRefusedError, match="nowhere"):
        Distill().run(make_work(clusters))


def work_on(model: Path, settings: Mapping[str, Any], folder: Path, **inputs: np.ndarray) -> Work:
    scratch = folder / "scratch"
    scratch.mkdir()
    rows = Rows(inputs=inputs)
    return Work(model=model, given=model, calibration=rows, search=rows, settings=settings, seed=0, threads=1, scratch=scratch)
