"""The public architectures: their sizes against what was published, and that they compute what such a model computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from math import prod

import numpy as np
import onnx
import onnxruntime
import pytest

from benchmarks.architectures.architecture import Architecture
from benchmarks.architectures.bert import BASE as BERT
from benchmarks.architectures.bert import bert
from benchmarks.architectures.collection import ARCHITECTURES
from benchmarks.architectures.gpt2 import SMALL as GPT2
from benchmarks.architectures.gpt2 import gpt2
from benchmarks.architectures.mobilenetv2 import mobilenetv2
from benchmarks.architectures.resnet50 import resnet50
from benchmarks.architectures.vit import BASE as VIT
from benchmarks.architectures.vit import vit

RANDOM = np.random.default_rng(7)


@pytest.fixture(scope="module", params=ARCHITECTURES, ids=lambda architecture: architecture.name)
def made(request: pytest.FixtureRequest) -> Iterator[tuple[Architecture, onnx.ModelProto]]:
    """One at a time: the largest takes half a gigabyte."""
    yield request.param, request.param.make()


def test_its_learned_parameters_are_as_many_as_were_published(made: tuple[Architecture, onnx.ModelProto]) -> None:
    architecture, model = made
    statistics = {name for node in model.graph.node if node.op_type == "BatchNormalization" for name in node.input[3:]}
    learned = [
        w for w in model.graph.initializer if w.data_type == onnx.TensorProto.FLOAT and w.dims and w.name not in statistics
    ]

    assert sum(prod(weight.dims) for weight in learned) == architecture.parameters


def test_it_is_a_sound_model_whose_sizes_are_its_dimensions(made: tuple[Architecture, onnx.ModelProto]) -> None:
    architecture, model = made

    onnx.checker.check_model(model)

    axes = [axis for value in model.graph.input for axis in value.type.tensor_type.shape.dim]
    named = {axis.dim_param for axis in axes if axis.dim_param}
    assert named == set(architecture.published_at) == set(architecture.further)


def run(model: onnx.ModelProto, **inputs: np.ndarray) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, inputs)


def small_vit() -> onnx.ModelProto:
    return vit(replace(VIT, layers=2, width=48, heads=3))


@pytest.mark.parametrize("make", [resnet50, mobilenetv2, small_vit])
def test_each_image_of_a_batch_is_classified_by_itself(make: Callable[[], onnx.ModelProto]) -> None:
    images = RANDOM.standard_normal((2, 3, 224, 224), np.float32)
    made = make()

    (together,) = run(made, image=images)
    (alone,) = run(made, image=images[1:])

    assert together.shape == (2, 1000)
    assert np.isfinite(together).all()
    np.testing.assert_allclose(together[1], alone[0], rtol=1e-3, atol=1e-4 * np.abs(alone).max())
    assert np.abs(together[0] - together[1]).max() > 1e-3 * np.abs(together).max(), "what is seen matters"


def test_bert_does_not_look_at_tokens_that_the_mask_hides() -> None:
    model = bert(replace(BERT, layers=2, width=48, heads=3, words=90))
    seen = RANDOM.integers(0, 90, (2, 5))

    def answers(hidden: int) -> list[np.ndarray]:
        ids = np.concatenate([seen, np.full((2, 4), hidden)], axis=1)
        mask = np.repeat([[1] * 5 + [0] * 4], 2, axis=0)
        return run(model, input_ids=ids, attention_mask=mask, token_type_ids=np.zeros_like(ids))

    (states, pooled), (others, other_pooled) = answers(3), answers(70)
    assert states.shape == (2, 9, 48)
    assert pooled.shape == (2, 48)
    np.testing.assert_allclose(states[:, :5], others[:, :5], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(pooled, other_pooled, rtol=1e-4, atol=1e-5)
    assert np.abs(states[:, 5:] - others[:, 5:]).max() > 0.1


def test_gpt2_foretells_from_the_past_alone() -> None:
    model = gpt2(replace(GPT2, layers=2, width=48, heads=3, words=90, longest=16))
    ids = RANDOM.integers(0, 90, (2, 8))
    changed = ids.copy()
    changed[:, 6] = (changed[:, 6] + 1) % 90

    (logits,), (others,) = run(model, input_ids=ids), run(model, input_ids=changed)

    assert logits.shape == (2, 8, 90)
    np.testing.assert_allclose(logits[:, :6], others[:, :6], rtol=1e-4, atol=1e-5)
    assert (np.abs(logits[:, 6:] - others[:, 6:]).max(axis=(0, 2)) > 1e-2).all()
