"""Metrics of weighted rows against scikit-learn's, which knows the weights of rows too."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from infractl.optimizer.gate.statistic import auroc, f1, mean, placements, root_mean

seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=60)
@given(seed=seeds, classes=st.integers(2, 5), rows=st.integers(2, 60))
def test_f1_is_scikit_learns(seed: int, classes: int, rows: int) -> None:
    random = np.random.default_rng(seed)
    labels, predicted = random.integers(classes, size=(2, rows))
    weights = random.integers(0, 4, size=rows)
    weights[0] = 1
    there = weights > 0

    found = f1(predicted, labels)(weights[None, :].astype(float))[0]

    expected = metrics.f1_score(labels[there], predicted[there], average="macro", sample_weight=weights[there])
    assert found == pytest.approx(expected)


@settings(max_examples=60)
@given(seed=seeds, rows=st.integers(2, 60), levels=st.integers(1, 30))
def test_auroc_is_scikit_learns_with_ties_as_well(seed: int, rows: int, levels: int) -> None:
    random = np.random.default_rng(seed)
    scores, labels = random.integers(levels, size=rows).astype(float), random.integers(2, size=rows)
    labels[:2] = 0, 1
    weights = random.integers(0, 4, size=rows)
    weights[:2] = 1

    found = auroc(scores[:, None], labels[:, None].astype(float))(weights[None, :].astype(float))[0]

    assert found == pytest.approx(metrics.roc_auc_score(labels, scores, sample_weight=weights))


def test_auroc_of_several_classes_is_the_mean_of_each_against_the_others() -> None:
    random = np.random.default_rng(4)
    labels, scores = random.integers(3, size=200), random.dirichlet([1, 1, 1], size=200)
    positives = (labels[:, None] == np.arange(3)).astype(float)

    found = auroc(scores, positives)(np.ones((1, 200)))[0]

    assert found == pytest.approx(metrics.roc_auc_score(labels, scores, multi_class="ovr", average="macro"))


@settings(max_examples=30)
@given(seed=seeds, levels=st.integers(1, 30))
def test_placements_of_each_side_sum_to_auroc(seed: int, levels: int) -> None:
    random = np.random.default_rng(seed)
    scores, positives = random.integers(levels, size=(50, 1)).astype(float), np.repeat([[0.0], [1.0]], 25, axis=0)

    found = placements(scores, positives)

    expected = metrics.roc_auc_score(positives[:, 0], scores[:, 0])
    assert found[:25].sum() == pytest.approx(expected)
    assert found[25:].sum() == pytest.approx(expected)


def test_means_count_a_row_as_often_as_it_weighs() -> None:
    values = np.array([1.0, 4.0, 9.0])
    weights = np.array([[1.0, 1.0, 1.0], [0.0, 3.0, 1.0]])

    assert mean(values)(weights) == pytest.approx([14 / 3, 21 / 4])
    assert root_mean(values)(weights) == pytest.approx([(14 / 3) ** 0.5, (21 / 4) ** 0.5])
