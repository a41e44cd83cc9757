"""What a replica takes of memory, of real models of several sorts, and beside what a real server takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestRegressor

from benchmarks.models.convolutional import residual_net
from benchmarks.models.network import Subject
from benchmarks.models.perceptron import perceptron
from benchmarks.models.resident import Shape, replicas
from benchmarks.models.transformer import Encoder, transformer
from benchmarks.models.trees import tree_ensemble
from infractl.domain.figure import Figure
from infractl.domain.profile import ModelProfile
from infractl.placement.memory import replica_memory
from infractl.profile.onnx import profile_onnx

MIB = 2**20
ENCODER = Encoder(layers=1, width=64, heads=2)
COUNTS = st.tuples(st.integers(1, 64), st.integers(1, 64)).map(sorted)


@pytest.fixture(scope="module")
def subjects(tmp_path_factory) -> Mapping[str, Subject]:
    folder = tmp_path_factory.mktemp("models")
    random = np.random.default_rng(0)
    rows = random.standard_normal((2000, 8))
    forest = RandomForestRegressor(40, random_state=0).fit(rows, rows.sum(axis=1))
    return {
        "network": perceptron(folder, "network", (600, 1600, 1600, 10)),
        "convolutions": residual_net(folder, "convolutions", 16, (64, 128, 256), blocks=1),
        "encoder": transformer(folder, "encoder", ENCODER, tokens=16),
        "trees": tree_ensemble(folder, "trees", [each.tree_ for each in forest.estimators_], rows, 1),
    }


@pytest.fixture(scope="module")
def models(subjects) -> Mapping[str, ModelProfile]:
    return {name: profile_onnx(subject.path, subject.path.parent) for name, subject in subjects.items()}


def memory(profile: ModelProfile, instances: int = 1, batch: int = 1, **extents: int) -> Figure:
    return replica_memory(profile, instances=instances, batch=batch, extents=extents)


def added(profile: ModelProfile, **shape: int) -> float:
    """By the model, over what a server takes that has next to none."""
    nothing = replace(profile, size_bytes=0, live_bytes=(), given=replace(profile.given, operators=()), executed=None)
    return memory(profile, **shape).value - memory(nothing, **shape).value


def assert_no_less(*figures: Figure) -> None:
    for figure in figures:
        assert figure.low < figure.value < figure.high
    for less, more in pairwise(figures):
        assert less.low <= more.low and less.value <= more.value and less.high <= more.high


@given(instances=COUNTS, batch=COUNTS, tokens=COUNTS)
def test_more_sessions_larger_batches_and_longer_inputs_never_take_less(models, instances, batch, tokens) -> None:
    for profile in models.values():
        few, many = instances
        assert_no_less(memory(profile, few, batch[0], tokens=tokens[0]), memory(profile, many, batch[0], tokens=tokens[0]))
        assert_no_less(memory(profile, few, batch[0], tokens=tokens[0]), memory(profile, few, batch[1], tokens=tokens[0]))
        assert_no_less(memory(profile, few, batch[0], tokens=tokens[0]), memory(profile, few, batch[0], tokens=tokens[1]))


def test_sessions_share_no_weights(models) -> None:
    profile = models["network"]
    one, two, three = (memory(profile, instances).value for instances in (1, 2, 3))

    assert two - one > profile.size_bytes
    assert three - two == pytest.approx(two - one)


def test_a_batch_takes_its_activations_and_the_text_of_its_numbers(models) -> None:
    profile = models["encoder"]
    short, long = (memory(profile, batch=32, tokens=tokens).value for tokens in (16, 128))

    assert long - short > 32 * (128 - 16) * 4 * ENCODER.width


def test_an_axis_whose_size_nobody_knows_counts_as_one(models) -> None:
    assert memory(models["encoder"], batch=8) == memory(models["encoder"], batch=8, tokens=1)


def test_trees_take_many_times_their_file_and_a_network_does_not(models) -> None:
    trees, network = models["trees"], models["network"]

    assert 8 * trees.size_bytes < added(trees) < 20 * trees.size_bytes
    assert network.size_bytes < added(network) < 2 * network.size_bytes


def test_of_a_file_with_trees_only_the_trees_take_so_much(models) -> None:
    trees, network = models["trees"], models["network"]
    both = replace(
        trees,
        size_bytes=trees.size_bytes + network.size_bytes,
        executed=replace(trees.run, operators=(*trees.run.operators, *network.run.operators)),
    )

    assert added(both) == pytest.approx(added(trees) + added(network), rel=0.05)


def test_convolutions_are_laid_out_anew_when_a_session_opens_and_that_is_free_again_for_requests(models) -> None:
    profile = models["convolutions"]

    assert added(profile) > 2.5 * profile.size_bytes
    assert memory(profile, batch=2) == memory(profile, batch=1)
    assert memory(profile, batch=200).value > memory(profile, batch=1).value + profile.size_bytes


@pytest.mark.parametrize("name", ["network", "convolutions", "trees"])
def test_a_real_server_takes_what_is_predicted(subjects, name: str) -> None:
    (replica,) = replicas([subjects[name]], [Shape(batch=16, instances=2)])

    predicted = replica.predicted()
    assert predicted.low <= replica.most_bytes <= predicted.high, f"{replica.most_bytes / MIB:.1f} MiB, and {predicted}"
