"""What a student must look like, as the given model's signature and answers show it, and which models none can stand in for."""

from __future__ import annotations

import numpy as np
import pytest

from infractl.optimizer.passes.contract import PassRefusedError
from infractl.optimizer.student.terms import Form, Terms, terms
from infractl.tensors import Dtype, Signature, TensorSpec

ROW = TensorSpec(name="row", dtype=Dtype.float32, shape=("n", 4))


def signature(*inputs: TensorSpec, outputs: tuple[TensorSpec, ...] | None = None) -> Signature:
    scores = TensorSpec(name="scores", dtype=Dtype.float32, shape=("n", "classes"))
    return Signature(inputs=inputs, outputs=outputs or (scores,))


@pytest.mark.parametrize(
    ("answers", "form"),
    [
        ([[2.0, -3.0]], Form.logits),
        ([[0.25, 0.75], [1.0, 0.0]], Form.probabilities),
        ([[0.9, 0.8]], Form.shares),
        ([[0.9]], Form.shares),
        ([[17.0]], Form.values),
    ],
)
def test_the_form_of_scores_is_read_from_the_answers(answers: list[list[float]], form: Form) -> None:
    assert terms(signature(ROW), {"scores": np.array(answers, np.float32)}, "auto").form is form


def test_several_values_are_no_classes_where_that_is_said() -> None:
    assert terms(signature(ROW), {"scores": np.array([[2.0, -3.0]], np.float32)}, "values").form is Form.values


def test_an_image_with_its_colours_last_is_one_with_its_colours_first(photo_terms: Terms) -> None:
    assert (photo_terms.item, photo_terms.channels_last) == ((3, 9, 7), True)


@pytest.mark.parametrize(
    "inputs",
    [
        (ROW, ROW),
        (TensorSpec(name="tokens", dtype=Dtype.int64, shape=("n", 128)),),
        (TensorSpec(name="row", dtype=Dtype.float32, shape=("n", "features")),),
        (TensorSpec(name="sound", dtype=Dtype.float32, shape=("n", 40, 100)),),
        (TensorSpec(name="number", dtype=Dtype.float32, shape=("n",)),),
    ],
    ids=["two inputs", "tokens", "any width", "a spectrum", "a number"],
)
def test_inputs_that_no_student_takes_are_refused(inputs: tuple[TensorSpec, ...]) -> None:
    with pytest.raises(PassRefusedError) as refused:
        terms(signature(*inputs), {"scores": np.zeros((2, 3), np.float32)}, "auto")

    assert refused.value.code in ("input", "inputs")


def test_a_label_that_is_not_the_largest_scores_is_refused() -> None:
    label = TensorSpec(name="label", dtype=Dtype.int64, shape=("n",))
    scores = TensorSpec(name="scores", dtype=Dtype.float32, shape=("n", 2))
    answers = {"scores": np.array([[0.7, 0.3], [0.8, 0.2]], np.float32), "label": np.array([0, 1])}

    with pytest.raises(PassRefusedError, match="not always that of the largest"):
        terms(signature(ROW, outputs=(label, scores)), answers, "auto")


def test_a_class_that_is_never_answered_has_no_name_to_give() -> None:
    label = TensorSpec(name="label", dtype=Dtype.int64, shape=("n",))
    scores = TensorSpec(name="scores", dtype=Dtype.float32, shape=("n", 2))
    answers = {"scores": np.array([[0.7, 0.3], [0.8, 0.2]], np.float32), "label": np.array([40, 40])}

    with pytest.raises(PassRefusedError, match="1 of 2 classes are never answered"):
        terms(signature(ROW, outputs=(label, scores)), answers, "auto")
