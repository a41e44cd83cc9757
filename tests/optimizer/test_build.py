"""A rung is built once, in a process of its own; whatever comes of it is an artifact or a reason."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from infractl.clock import SystemClock
from infractl.domain.precision import Precision
from infractl.domain.recipe import AS_GIVEN, Pass, Recipe
from infractl.engines.engine import SessionOptions
from infractl.engines.registry import open_engine
from infractl.optimizer.build import Built, Source, build
from infractl.optimizer.key import build_key, rows_digest
from infractl.optimizer.rows import Rows
from infractl.optimizer.rows_file import read_rows, write_rows
from infractl.optimizer.sandbox import Limits
from infractl.state.artifacts import LocalArtifactStore
from tests.optimizer.network import dense

LIMITS = Limits(memory_bytes=2 << 30, time_s=60.0)
INT8 = Recipe(name="int8-dynamic", dtype=Precision.int8, passes=(Pass(name="int8-dynamic", settings={}),), engine="onnxruntime")


@pytest.fixture
def source(tmp_path: Path) -> Source:
    model = dense(tmp_path / "model.onnx")
    rows = Rows(inputs={"x": np.random.default_rng(1).normal(size=(20, 8)).astype(np.float32)}, labels=np.arange(20))
    return Source(
        model=model,
        digest=hashlib.sha256(model.read_bytes()).hexdigest(),
        calibration=write_rows(rows, tmp_path / "calibration"),
        search=write_rows(rows, tmp_path / "search"),
        data=(rows_digest(rows),),
    )


@pytest.fixture
def store(tmp_path: Path) -> LocalArtifactStore:
    return LocalArtifactStore(tmp_path / "artifacts")


def built(source: Source, recipe: Recipe, store: LocalArtifactStore, limits: Limits = LIMITS) -> tuple[Built, list[str]]:
    steps: list[str] = []
    return build(source, recipe, store, limits, SystemClock(), steps.append), steps


def test_a_recipe_makes_an_artifact_that_the_store_has(source: Source, store: LocalArtifactStore) -> None:
    made, steps = built(source, INT8, store)

    assert made.artifact is not None and made.refusal is None
    file = store.path(made.artifact.digest)
    assert steps == ["int8-dynamic", "opening it"]
    assert made.artifact.size_bytes == file.stat().st_size < source.model.stat().st_size
    assert made.artifact.source_digest == source.digest
    assert [t.name for t in made.artifact.signature.inputs] == ["x"]
    answer = open_engine("onnxruntime")(file, SessionOptions()).run({"x": np.zeros((1, 8), np.float32)})
    assert answer["y"].shape == (1, 4)
    assert any(note.startswith("int8-dynamic: ") for note in made.notes)


def test_a_second_build_builds_nothing(source: Source, store: LocalArtifactStore) -> None:
    first, _ = built(source, INT8, store)

    again, steps = built(source, INT8, store)

    assert again == first
    assert steps == []


def test_an_artifact_that_the_store_lost_is_built_again(source: Source, store: LocalArtifactStore) -> None:
    first, _ = built(source, INT8, store)
    assert first.artifact is not None
    store.remove(first.artifact.digest)

    again, steps = built(source, INT8, store)

    assert steps
    assert again.artifact == first.artifact
    assert store.has(first.artifact.digest)


def test_what_a_pass_refuses_is_kept_as_well(source: Source, store: LocalArtifactStore) -> None:
    recipe = Recipe(
        name="odd", dtype=Precision.int8, passes=(Pass(name="int8-dynamic", settings={"colour": 1}),), engine="onnxruntime"
    )

    made, _ = built(source, recipe, store)
    again, steps = built(source, recipe, store)

    assert made.artifact is None and made.refusal is not None
    assert made.refusal.code == "settings"
    assert (again, steps) == (made, [])


def test_a_refusal_for_want_of_time_is_not_kept(source: Source, store: LocalArtifactStore) -> None:
    made, _ = built(source, INT8, store, Limits(memory_bytes=2 << 30, time_s=0.0))
    assert made.refusal is not None and made.refusal.code == "out-of-time"

    again, _ = built(source, INT8, store)

    assert again.artifact is not None


def test_a_model_that_is_none_is_a_refusal(source: Source, store: LocalArtifactStore) -> None:
    source.model.write_bytes(b"\x08\x07not a model")

    made, _ = built(source, INT8, store)

    assert made.refusal is not None and made.refusal.code == "model-unreadable"


def test_a_recipe_without_passes_opens_the_model_with_its_engine(source: Source, store: LocalArtifactStore) -> None:
    made, _ = built(source, AS_GIVEN, store)

    assert made.artifact is not None
    assert made.artifact.digest == source.digest


def test_a_key_depends_on_all_that_the_artifact_depends_on() -> None:
    other = Recipe(
        name="x", dtype=Precision.int8, passes=(Pass(name="int8-dynamic", settings={"per_channel": False}),), engine="onnxruntime"
    )
    keys = [
        build_key("a" * 64, INT8, ("d",), 0),
        build_key("b" * 64, INT8, ("d",), 0),
        build_key("a" * 64, other, ("d",), 0),
        build_key("a" * 64, INT8, ("e",), 0),
        build_key("a" * 64, INT8, ("d",), 1),
    ]

    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    "rows",
    [
        Rows(inputs={"x": np.arange(6.0).reshape(3, 2), "odd/name": np.array([1, 2, 3])}, labels=np.array([0, 1, 0])),
        Rows(inputs={"t": np.array(["a", "ä", ""], dtype=object)}),
        Rows(inputs={"x": np.zeros((0, 4), np.float32)}),
    ],
)
def test_rows_are_read_as_they_were_written(rows: Rows, tmp_path: Path) -> None:
    found = read_rows(write_rows(rows, tmp_path / "rows"))

    assert list(found.inputs) == list(rows.inputs)
    assert rows_digest(found) == rows_digest(rows)
    assert all(found.inputs[name].dtype == tensor.dtype for name, tensor in rows.inputs.items())
