"""Candidates that are broken in a way that needs no labels to see."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from infractl.optimizer.gate.sanity import changed_signature, insane_answers
from infractl.tensors import Dtype, Signature, TensorSpec

X = TensorSpec(name="x", dtype=Dtype.float32, shape=("n", 4))
Y = TensorSpec(name="y", dtype=Dtype.float32, shape=("n", 3))
GIVEN = Signature(inputs=(X,), outputs=(Y,))
SCORES = np.random.default_rng(1).normal(size=(50, 3)).astype(np.float32)


def test_other_names_of_dynamic_axes_change_nothing() -> None:
    assert changed_signature(GIVEN, Signature(inputs=(replace(X, shape=("batch", 4)),), outputs=(Y,))) is None


def test_an_output_whose_declared_size_was_lost_is_no_change() -> None:
    assert changed_signature(GIVEN, Signature(inputs=(X,), outputs=(replace(Y, shape=("n", "unk__1")),))) is None


@pytest.mark.parametrize(
    ("inputs", "outputs", "code"),
    [
        ((replace(X, name="X"),), (Y,), "inputs-changed"),
        ((replace(X, dtype=Dtype.float16),), (Y,), "inputs-changed"),
        ((replace(X, shape=(1, 4)),), (Y,), "inputs-changed"),
        ((replace(X, shape=("n", 4, 1)),), (Y,), "inputs-changed"),
        ((X, replace(X, name="mask")), (Y,), "inputs-changed"),
        ((X,), (replace(Y, name="z"),), "outputs-changed"),
        ((X,), (replace(Y, dtype=Dtype.float64),), "outputs-changed"),
        ((X,), (replace(Y, shape=("n", 4)),), "outputs-changed"),
        ((X,), (), "outputs-changed"),
    ],
)
def test_a_signature_that_clients_would_notice_is_refused(
    inputs: tuple[TensorSpec, ...], outputs: tuple[TensorSpec, ...], code: str
) -> None:
    refusal = changed_signature(GIVEN, Signature(inputs=inputs, outputs=outputs))

    assert refusal is not None and refusal.code == code and "became" in refusal.why


def test_answers_that_differ_a_little_are_sane() -> None:
    assert insane_answers({"y": SCORES}, {"y": SCORES + np.float32(0.01)}) is None


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_where_the_given_model_has_none_is_refused(value: float) -> None:
    broken = SCORES.copy()
    broken[[3, 8], 1] = value

    refusal = insane_answers({"y": SCORES}, {"y": broken})

    assert refusal is not None and refusal.code == "not-finite" and "2 of 50 rows" in refusal.why


def test_nan_where_the_given_model_has_it_too_is_its_own() -> None:
    own = SCORES.copy()
    own[0, 0] = -np.inf

    assert insane_answers({"y": own}, {"y": own}) is None


@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_one_answer_to_everything_is_refused(dtype: type) -> None:
    given = (SCORES * 10).astype(dtype)

    refusal = insane_answers({"y": given}, {"y": np.repeat(given[:1], 50, axis=0)})

    assert refusal is not None and refusal.code == "constant"


def test_a_given_model_that_answers_one_thing_to_everything_may_be_copied() -> None:
    constant = np.ones((50, 3), np.float32)

    assert insane_answers({"y": constant}, {"y": constant}) is None


@pytest.mark.parametrize("after", [{}, {"y": SCORES[:, :2]}, {"y": SCORES.astype(np.int64)}])
def test_answers_of_another_shape_or_sort_are_refused(after: dict[str, np.ndarray]) -> None:
    refusal = insane_answers({"y": SCORES}, after)

    assert refusal is not None and refusal.code == "outputs-changed"
