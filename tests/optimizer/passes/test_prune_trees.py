"""Fewer trees say what all of them said. scikit-learn, which grew them, is the judge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import helper
from skl2onnx import to_onnx
from sklearn.datasets import load_diabetes, load_digits
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor

from infractl.domain.value import Json
from infractl.optimizer.passes.contract import Made, PassRefusedError, Work
from infractl.optimizer.passes.prune_trees import PruneTrees
from infractl.optimizer.rows import Rows

Array = NDArray[Any]
DIGITS, NUMBERS = load_digits(return_X_y=True)
PATIENTS, PROGRESS = load_diabetes(return_X_y=True)
DIGITS, PATIENTS = DIGITS.astype(np.float32), PATIENTS.astype(np.float32)


@pytest.fixture(scope="module")
def forest() -> Any:
    return RandomForestClassifier(60, max_depth=8, random_state=0).fit(DIGITS[:900], NUMBERS[:900])


@pytest.fixture(scope="module")
def boosted() -> Any:
    return GradientBoostingClassifier(n_estimators=16, max_depth=3, random_state=0).fit(DIGITS[:900], NUMBERS[:900])


def saved(grown: Any, path: Path, rows: Array) -> Path:
    options = {id(grown): {"zipmap": False}} if hasattr(grown, "classes_") else None
    model = to_onnx(grown, rows[:1], options=options, target_opset={"": 17, "ai.onnx.ml": 3})
    path.write_bytes(model.SerializeToString())
    return path


def thinned(grown: Any, folder: Path, rows: Array, **settings: Json) -> Made:
    model = saved(grown, folder / "given.onnx", rows)
    seen = Rows(inputs={"X": rows[900:1300] if len(rows) > 900 else rows})
    return PruneTrees().run(
        Work(model=model, given=model, calibration=seen, search=seen, settings=settings, seed=0, threads=1, scratch=folder)
    )


def answers(model: Path, rows: Array) -> list[Array]:
    return [np.asarray(found) for found in onnxruntime.InferenceSession(str(model)).run(None, {"X": rows})]


def trees(model: Path) -> int:
    """Counted in the file."""
    [node] = [node for node in onnx.load(model).graph.node if node.op_type.startswith("TreeEnsemble")]
    return len(set(helper.get_node_attr_value(node, "nodes_treeids")))


def test_a_third_of_a_forest_that_is_weighed_anew_answers_as_the_whole_did(forest: Any, tmp_path: Path) -> None:
    made = thinned(forest, tmp_path, DIGITS, keep=1 / 3)

    label, shares = answers(made.model, DIGITS[1300:])
    assert trees(made.model) <= 20
    assert (label == forest.predict(DIGITS[1300:])).mean() > 0.95
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)
    onnx.checker.check_model(onnx.load(made.model))


def test_trees_that_are_averaged_stay_an_average(forest: Any, tmp_path: Path) -> None:
    made = thinned(forest, tmp_path, DIGITS, keep=0.25, select="average")

    expected = np.mean([tree.predict_proba(DIGITS[1300:]) for tree in forest.estimators_[:15]], axis=0)
    assert trees(made.model) == 15
    np.testing.assert_allclose(answers(made.model, DIGITS[1300:])[1], expected, atol=1e-5)


def test_a_forest_of_numbers_keeps_their_mean(tmp_path: Path) -> None:
    grown = RandomForestRegressor(20, max_depth=5, random_state=0).fit(PATIENTS, PROGRESS)

    made = thinned(grown, tmp_path, PATIENTS, keep=0.25, select="average")

    expected = np.mean([tree.predict(PATIENTS) for tree in grown.estimators_[:5]], axis=0)
    np.testing.assert_allclose(answers(made.model, PATIENTS)[0].ravel(), expected, rtol=1e-4)


def test_the_first_boosted_rounds_are_what_was_there_after_so_many_rounds(boosted: Any, tmp_path: Path) -> None:
    made = thinned(boosted, tmp_path, DIGITS, keep=0.5, select="first")

    after_8 = list(boosted.staged_predict_proba(DIGITS[1300:]))[7]
    assert trees(made.model) == 80
    np.testing.assert_allclose(answers(made.model, DIGITS[1300:])[1], after_8, atol=1e-4)


def test_boosted_trees_that_are_chosen_and_weighed_are_nearer_than_the_first_ones(boosted: Any, tmp_path: Path) -> None:
    given = boosted.predict_proba(DIGITS[1300:])

    def distance(select: str) -> float:
        (folder := tmp_path / select).mkdir()
        made = thinned(boosted, folder, DIGITS, keep=0.25, select=select)
        return float(np.abs(answers(made.model, DIGITS[1300:])[1] - given).mean())

    assert distance("fit") < 0.7 * distance("first")


def test_a_base_value_is_kept(tmp_path: Path) -> None:
    grown = GradientBoostingRegressor(n_estimators=20, random_state=0).fit(PATIENTS, PROGRESS)

    made = thinned(grown, tmp_path, PATIENTS, keep=0.5)

    assert np.corrcoef(answers(made.model, PATIENTS)[0].ravel(), grown.predict(PATIENTS))[0, 1] > 0.99
    assert abs(answers(made.model, PATIENTS)[0].mean() - PROGRESS.mean()) < 0.02 * PROGRESS.mean()


def test_a_model_without_trees_is_refused(dense: Path, make_work: Any) -> None:
    with pytest.raises(PassRefusedError, match="nothing-to-prune"):
        PruneTrees().run(make_work(dense))


def test_without_rows_it_has_to_be_told_how_trees_work_together(forest: Any, tmp_path: Path) -> None:
    model = saved(forest, tmp_path / "given.onnx", DIGITS)
    none = Rows(inputs={"X": DIGITS[:0]})
    work = Work(model=model, given=model, calibration=none, search=none, settings={}, seed=0, threads=1, scratch=tmp_path)

    with pytest.raises(PassRefusedError, match="no-data"):
        PruneTrees().run(work)
