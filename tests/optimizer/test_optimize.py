"""A model goes up its ladder for real: built, timed and proven, and answered from the store the second time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from infractl.clock import SystemClock
from infractl.domain.metric import Metric
from infractl.domain.optimization import Outcome
from infractl.domain.precision import Precision
from infractl.domain.recipe import Pass, Recipe
from infractl.engines.engine import SessionOptions
from infractl.engines.registry import open_engine
from infractl.errors import DataError, ModelError
from infractl.optimizer.data.split import split
from infractl.optimizer.gate.gate import Gate
from infractl.optimizer.optimize import Task, optimize
from infractl.optimizer.rows import Rows
from infractl.optimizer.sandbox import Limits
from infractl.state.artifacts import LocalArtifactStore
from tests.optimizer.network import dense

WIDE, MANY = 768, 1500
INT8 = Recipe(name="int8-dynamic", dtype=Precision.int8, passes=(Pass(name="int8-dynamic", settings={}),), engine="onnxruntime")
ODD = Recipe(name="odd", dtype=Precision.int8, passes=(Pass(name="int8-dynamic", settings={"colour": 1}),), engine="onnxruntime")
HALF = Recipe(
    name="prune-98%",
    dtype=Precision.fp32,
    passes=(Pass(name="prune", settings={"share": 0.98, "refit": False}),),
    engine="onnxruntime",
)


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    """A network that is right about every label: they are its own answers."""
    model = dense(tmp_path_factory.mktemp("model") / "model.onnx", width=WIDE)
    session = open_engine("onnxruntime")(model, SessionOptions())
    inputs = {"x": np.random.default_rng(1).normal(size=(MANY, 8)).astype(np.float32)}
    labels = np.asarray(session.run(inputs)["y"]).argmax(axis=1)
    return Task(
        model=model,
        digest="a" * 64,
        signature=session.signature,
        ladder=(ODD, INT8, HALF, INT8),
        split=split(Rows(inputs=inputs, labels=labels)),
        gate=Gate(max_drop=0.03),
        limits=Limits(memory_bytes=2 << 30, time_s=120.0),
        machine="here",
    )


@pytest.fixture
def store(tmp_path: Path) -> LocalArtifactStore:
    return LocalArtifactStore(tmp_path / "artifacts")


def test_the_walk_goes_past_what_cannot_be_built_and_ends_where_accuracy_is_lost(task: Task, store: LocalArtifactStore) -> None:
    steps: list[str] = []

    found = optimize(task, store, SystemClock(), lambda step, _: steps.append(step))

    odd, int8, pruned, again = found.tried
    assert odd.refusal is not None and odd.refusal.code == "settings"
    assert int8.refusal is None and int8.latency is not None and int8.accuracy is not None
    assert int8.accuracy.outcome is Outcome.passed
    assert int8.accuracy.given == 1.0
    assert pruned.refusal is not None and pruned.refusal.code == "accuracy"
    assert again.refusal is not None and again.refusal.code == "not-reached"
    assert found.chosen == int8.artifact
    assert store.has(found.chosen.digest)
    assert "int8-dynamic: measuring its speed" in steps

    again_steps: list[str] = []
    assert optimize(task, store, SystemClock(), lambda step, _: again_steps.append(step)) == found
    assert again_steps == []


def test_data_that_does_not_fit_the_metric_is_an_error_before_anything_is_built(task: Task, store: LocalArtifactStore) -> None:
    unlabelled = replace(task, split=replace(task.split, gate=task.split.gate.unlabelled))

    with pytest.raises(DataError, match="gate-unlabelled"):
        optimize(unlabelled, store, SystemClock(), lambda step, elapsed_s: None)


def test_without_labels_agreement_is_judged(task: Task, store: LocalArtifactStore) -> None:
    unlabelled = replace(
        task,
        ladder=(INT8,),
        split=replace(task.split, gate=task.split.gate.unlabelled),
        gate=Gate(metric=Metric.agreement, max_drop=0.1),
    )

    found = optimize(unlabelled, store, SystemClock(), lambda step, elapsed_s: None)

    (int8,) = found.tried
    assert int8.accuracy is not None and int8.accuracy.metric is Metric.agreement


def test_a_model_that_cannot_be_run_is_an_error(task: Task, store: LocalArtifactStore, tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(task.model.read_bytes().replace(b"MatMul", b"MatMil"))

    with pytest.raises(ModelError, match="cannot be run as it is given"):
        optimize(replace(task, model=broken), store, SystemClock(), lambda step, elapsed_s: None)


def test_no_time_leaves_the_model_as_it_is(task: Task, store: LocalArtifactStore) -> None:
    found = optimize(replace(task, limits=replace(task.limits, time_s=0.0)), store, SystemClock(), lambda step, elapsed_s: None)

    assert found.chosen.recipe.passes == ()
    assert {t.refusal.code for t in found.tried if t.refusal} == {"out-of-time"}
