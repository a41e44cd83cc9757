"""What the gate says of two models' answers, metric by metric."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import f1_score, mean_absolute_error, root_mean_squared_error, top_k_accuracy_score

from infractl.domain.metric import Metric
from infractl.domain.optimization import Outcome
from infractl.errors import DataError
from infractl.optimizer.gate.gate import Gate
from infractl.optimizer.gate.judge import judge
from infractl.tensors import Tensor

ROWS = 1000


def counted(
    worse: int, better: int, *, rows: int = ROWS, wrong: int = 0
) -> tuple[Mapping[str, Tensor], Mapping[str, Tensor], Tensor]:
    """Answers of two models of two classes, the given one wrong in `wrong` rows besides those that the candidate has right."""
    labels = np.arange(rows) % 2
    given, candidate = labels.copy(), labels.copy()
    candidate[:worse] = 1 - candidate[:worse]
    given[worse : worse + better] = 1 - given[worse : worse + better]
    both = slice(worse + better, worse + better + wrong)
    given[both] = candidate[both] = 1 - labels[both]
    return scores(given), scores(candidate), labels


def scores(classes: NDArray[np.int64]) -> Mapping[str, Tensor]:
    return {"scores": np.eye(2, dtype=np.float32)[classes]}


def test_a_drop_that_is_proven_small_passes() -> None:
    given, candidate, labels = counted(worse=1, better=1)

    verdict = judge(Gate(), given, candidate, labels)

    assert verdict.outcome is Outcome.passed
    assert verdict.drop == 0 and 0 < verdict.upper <= 0.01
    assert re.fullmatch(r"with 95% confidence at most 0\.\d+ points worse, with 1 point allowed", verdict.why)


def test_a_measured_drop_within_the_limit_is_not_enough() -> None:
    given, candidate, labels = counted(worse=9, better=2)

    verdict = judge(Gate(), given, candidate, labels)

    assert verdict.outcome is Outcome.unknown
    assert verdict.drop == pytest.approx(0.007) and verdict.upper > 0.01
    assert verdict.rows_needed is not None and verdict.rows_needed > ROWS
    assert f"{verdict.rows_needed:,} rows would tell" in verdict.why


def test_a_measured_drop_at_the_limit_fails() -> None:
    assert judge(Gate(), *counted(worse=10, better=0)).outcome is Outcome.failed


def test_under_268_rows_a_point_is_never_proven_and_268_are_asked_for() -> None:
    verdict = judge(Gate(), *counted(worse=0, better=0, rows=267))

    assert (verdict.outcome, verdict.rows_needed) == (Outcome.unknown, 268)
    assert judge(Gate(), *counted(worse=0, better=0, rows=268)).outcome is Outcome.passed


def test_one_wrong_answer_among_few_rows_is_too_little_to_refuse() -> None:
    assert judge(Gate(), *counted(worse=1, better=0, rows=50)).outcome is Outcome.unknown


def test_many_wrong_answers_among_few_rows_are_enough_to_refuse() -> None:
    assert judge(Gate(), *counted(worse=20, better=0, rows=50)).outcome is Outcome.failed


def test_a_gate_for_three_walks_asks_for_more() -> None:
    given, candidate, labels = counted(worse=4, better=0)

    assert judge(Gate(), given, candidate, labels).outcome is Outcome.passed
    assert judge(Gate().divided(3), given, candidate, labels).outcome is Outcome.unknown


@pytest.mark.parametrize(("minimum", "outcome"), [(0.96, Outcome.passed), (0.975, Outcome.unknown), (0.985, Outcome.failed)])
def test_the_floor_is_proven_as_the_drop_is(minimum: float, outcome: Outcome) -> None:
    """980 of 1,000 are right, of which Clopper and Pearson say at least 97.1% with 95%."""
    verdict = judge(Gate(minimum=minimum), *counted(worse=0, better=0, wrong=20))

    assert verdict.outcome is outcome
    assert (verdict.rows_needed is not None) == (outcome is Outcome.unknown)


def test_without_labels_agreement_is_measured_and_accuracy_refused() -> None:
    given, candidate, _ = counted(worse=2, better=1)

    verdict = judge(Gate(metric=Metric.agreement), given, candidate, None)

    assert (verdict.metric, verdict.given, verdict.candidate) == (Metric.agreement, 1.0, 0.997)
    assert verdict.outcome is Outcome.passed
    with pytest.raises(DataError, match="gate-unlabelled"):
        judge(Gate(), given, candidate, None)


def test_agreement_counts_answers_that_became_right_as_well() -> None:
    given, candidate, labels = counted(worse=0, better=15)

    assert judge(Gate(), given, candidate, labels).outcome is Outcome.passed
    assert judge(Gate(metric=Metric.agreement), given, candidate, labels).outcome is Outcome.failed


def test_classes_that_a_model_names_are_taken_before_its_scores() -> None:
    labels = np.array(["cat", "dog"] * 200)
    answers = {"probabilities": np.zeros((400, 2), np.float32), "label": labels.astype(object)}

    assert judge(Gate(), answers, answers, labels).given == 1.0


@pytest.mark.parametrize(
    ("column", "name"), [(np.array([0.2, 0.7] * 200), "probabilities"), (np.array([-3.0, 0.4] * 200), "logits")]
)
def test_a_single_score_says_yes_above_a_half_or_where_it_is_no_probability_above_zero(
    column: NDArray[np.float64], name: str
) -> None:
    answers = {name: column[:, None].astype(np.float32)}

    assert judge(Gate(), answers, answers, np.array([0, 1] * 200)).given == 1.0


def test_an_output_can_be_named() -> None:
    labels = np.array([0, 1] * 200)
    answers = {"embedding": np.ones((400, 8), np.float32), **scores(labels)}

    assert judge(Gate(output="scores"), answers, answers, labels).given == 1.0
    assert judge(Gate(), answers, answers, labels).given == 0.5


@pytest.mark.parametrize(
    ("gate", "labels", "words"),
    [
        (Gate(), np.arange(4) % 2 + 1, "counted|from 1 to 2"),
        (Gate(), np.array(["a", "b", "a", "b"]), "the labels are texts"),
        (Gate(), np.array([0.5, 1.0, 0.0, 1.0]), "no whole numbers"),
        (Gate(), np.eye(2)[[0, 1, 0, 1]], "one for each row"),
        (Gate(metric=Metric.top_k, k=5), np.array([0, 1, 0, 1]), "top-5 of 2 classes"),
        (Gate(metric=Metric.auroc), np.array([1, 1, 1, 1]), "all of one class"),
        (Gate(metric=Metric.rmse), np.array([0.0, 1.0, 0.0, 1.0]), "1 values a row, and the model answers 2"),
        (Gate(metric=Metric.mae), np.array(["a", "b", "a", "b"]), "no numbers"),
    ],
)
def test_labels_that_mean_something_else_are_an_error(gate: Gate, labels: Tensor, words: str) -> None:
    answers = scores(np.array([0, 1, 0, 1]))

    with pytest.raises(DataError, match=words) as raised:
        judge(gate, answers, answers, labels)

    assert all(d.slug == "gate-labels" and d.remedy for d in raised.value.diagnostics)


def test_outputs_that_a_metric_cannot_compare_are_an_error() -> None:
    answers = {"mask": np.zeros((4, 2, 8, 8), np.float32)}

    with pytest.raises(DataError, match="gate-outputs"):
        judge(Gate(), answers, answers, np.zeros(4, np.int64))


@pytest.fixture(scope="module")
def three_classes() -> tuple[Mapping[str, Tensor], Mapping[str, Tensor], Tensor]:
    random = np.random.default_rng(6)
    labels = random.integers(3, size=ROWS)
    given = (random.normal(size=(ROWS, 3)) + 3 * np.eye(3)[labels]).astype(np.float32)
    return {"scores": given}, {"scores": given + random.normal(size=given.shape).astype(np.float32) / 50}, labels


def test_top_k_is_scikit_learns(three_classes: tuple[Mapping[str, Tensor], Mapping[str, Tensor], Tensor]) -> None:
    given, candidate, labels = three_classes

    verdict = judge(Gate(metric=Metric.top_k, k=2), given, candidate, labels)

    assert verdict.given == top_k_accuracy_score(labels, given["scores"], k=2)
    assert verdict.candidate == top_k_accuracy_score(labels, candidate["scores"], k=2)


def test_f1_says_which_of_its_forms_it_is(three_classes: tuple[Mapping[str, Tensor], Mapping[str, Tensor], Tensor]) -> None:
    given, candidate, labels = three_classes

    verdict = judge(Gate(metric=Metric.f1), given, candidate, labels)

    assert verdict.given == pytest.approx(f1_score(labels, np.argmax(given["scores"], axis=1), average="macro"))
    assert verdict.why.endswith("the mean of 3 classes' F1 (macro)")
    assert judge(Gate(metric=Metric.f1), *counted(2, 0)).why.endswith("F1 of class 1")


def test_f1_of_a_rare_class_is_not_proven_by_many_rows_of_the_other() -> None:
    labels = (np.arange(ROWS) < 8).astype(np.int64)

    assert judge(Gate(metric=Metric.f1), scores(labels), scores(labels), labels).outcome is Outcome.unknown


def test_the_same_verdict_is_given_again(three_classes: tuple[Mapping[str, Tensor], Mapping[str, Tensor], Tensor]) -> None:
    gate = Gate(metric=Metric.auroc)

    assert judge(gate, *three_classes) == judge(gate, *three_classes)


@pytest.mark.parametrize(("metric", "oracle"), [(Metric.rmse, root_mean_squared_error), (Metric.mae, mean_absolute_error)])
def test_an_error_grows_as_a_share_of_the_given_models(metric: Metric, oracle: object) -> None:
    random = np.random.default_rng(9)
    labels = random.normal(size=ROWS) * 10
    given = labels + random.normal(size=ROWS)
    candidate = labels + 1.02 * (given - labels)

    verdict = judge(Gate(metric=metric, max_drop=0.05, maximum=2.0), {"amount": given}, {"amount": candidate[:, None]}, labels)

    assert callable(oracle) and verdict.given == pytest.approx(oracle(labels, given))
    assert verdict.drop == pytest.approx(0.02) and verdict.upper == pytest.approx(0.02)
    assert verdict.outcome is Outcome.passed


def test_a_verdict_is_finite_where_a_given_model_is_nearly_always_exact() -> None:
    labels = np.zeros(300)
    given, candidate = np.zeros(300), np.full(300, 0.1)
    given[0] = 0.1

    verdict = judge(Gate(metric=Metric.mae), {"amount": given}, {"amount": candidate}, labels)

    assert verdict.outcome is Outcome.failed
    assert np.isfinite([verdict.drop, verdict.upper]).all()


def test_of_a_given_model_without_an_error_no_share_can_be_taken() -> None:
    with pytest.raises(DataError, match="no share can be taken of none"):
        judge(Gate(metric=Metric.rmse), {"amount": np.zeros(300)}, {"amount": np.ones(300)}, np.zeros(300))


def test_amounts_that_are_no_numbers_are_an_error() -> None:
    with pytest.raises(DataError, match="NaN or infinite"):
        judge(Gate(metric=Metric.rmse), {"amount": np.full(300, np.nan)}, {"amount": np.ones(300)}, np.zeros(300))
