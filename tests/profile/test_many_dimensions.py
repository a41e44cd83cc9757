"""Models with many dynamic dimensions cost what arithmetic says, or are said not to be costed: never something else."""

from __future__ import annotations

import time
from math import prod
from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto

from infractl.domain.profile import ModelProfile
from infractl.profile.onnx import profile_onnx
from tests.profile.models import FLOAT, graph_of, model_of, node, save


def weight(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.float32)


def names(count: int) -> list[str]:
    return [f"d{place}" for place in range(count)]


def product_of(count: int) -> ModelProto:
    axes = [*names(count), 4]
    return model_of(graph_of([node("MatMul", "x w", "y")], [("x", FLOAT, axes)], [("y", FLOAT, axes)], {"w": weight(4, 4)}))


def profiled(model: ModelProto, directory: Path) -> ModelProfile:
    return profile_onnx(save(model, directory / "model.onnx"), directory)


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("count", range(1, 9))
def test_a_product_of_many_dimensions_costs_what_arithmetic_says(count: int, size: int, tmp_path: Path) -> None:
    profile = profiled(product_of(count), tmp_path)

    at = dict.fromkeys(names(count), size)
    rows = size**count
    assert profile.flops.at(at) == 2 * rows * 4 * 4
    assert profile.activation_bytes.at(at) == profile.peak_bytes(at) == 2 * rows * 4 * 4
    assert profile.given.uncosted == () == profile.run.uncosted
    (operator,) = profile.run.operators
    assert operator.at(at).product is not None
    assert profile.flops.terms == {tuple(names(count)): 32.0}


@pytest.mark.parametrize("count", [5, 6, 7])
def test_sizes_that_differ_are_each_counted_once(count: int, tmp_path: Path) -> None:
    profile = profiled(product_of(count), tmp_path)

    at = {name: place + 1 for place, name in enumerate(names(count))}
    assert profile.flops.at(at) == 32 * prod(range(1, count + 1))


@pytest.mark.parametrize("count", [12, 30])
def test_a_product_of_more_dimensions_than_can_be_tried_is_listed_and_takes_no_long(count: int, tmp_path: Path) -> None:
    began_s = time.monotonic()

    profile = profiled(product_of(count), tmp_path)

    assert profile.given.uncosted == (("MatMul", 1),) == profile.run.uncosted
    assert profile.given.operators == ()
    assert profile.peak_bytes(dict.fromkeys(names(count), 2)) == 0
    assert time.monotonic() - began_s < 60


def test_what_depends_on_few_of_too_many_dimensions_is_costed_beside_what_is_not(tmp_path: Path) -> None:
    many = names(12)
    nodes = [node("MatMul", "x w", "y"), node("Relu", "z", "v")]
    inputs = [("x", FLOAT, [*many, 4]), ("z", FLOAT, ["d0", "length", 4])]
    model = model_of(graph_of(nodes, inputs, [("y", FLOAT, [*many, 4]), ("v", FLOAT, ["d0", "length", 4])], {"w": weight(4, 4)}))

    profile = profiled(model, tmp_path)

    assert profile.given.uncosted == (("MatMul", 1),)
    assert profile.flops.at(dict.fromkeys([*many, "length"], 3)) == 3 * 3 * 4


def test_sums_over_some_of_many_dimensions_and_products_of_the_others_are_exact(tmp_path: Path) -> None:
    axes = ["a", "b", "c", "d", "e", 4]
    nodes = [
        node("Add", "x y", "s"),
        node("MatMul", "s w", "v"),
        node("ReduceSum", "v axes", "r", keepdims=0),
        node("MatMul", "r w", "o"),
    ]
    weights = {"w": weight(4, 4), "axes": np.array([1])}
    model = model_of(graph_of(nodes, [("x", FLOAT, axes), ("y", FLOAT, axes)], [("o", FLOAT, ["a", "c", "d", "e", 4])], weights))

    profile = profiled(model, tmp_path)

    whole, part = 2 * 3 * 5 * 7 * 11, 2 * 5 * 7 * 11
    found = [cost.flops.at({"a": 2, "b": 3, "c": 5, "d": 7, "e": 11}) for cost in profile.given.operators]
    assert found == [whole * 4, 2 * whole * 16, whole * 4, 2 * part * 16]


def test_a_product_of_six_a_convolution_and_another_product_are_exact_side_by_side(tmp_path: Path) -> None:
    six = names(6)
    nodes = [
        node("MatMul", "x w", "y"),
        node("MatMul", "z w", "v"),
        node("Conv", "image kernel", "u", strides=[2, 2], pads=[1, 1, 1, 1]),
    ]
    inputs = [("x", FLOAT, [*six, 4]), ("z", FLOAT, ["d0", "e", "f", 4]), ("image", FLOAT, ["d0", 3, "height", "width"])]
    outputs = [("y", FLOAT, [*six, 4]), ("v", FLOAT, ["d0", "e", "f", 4]), ("u", FLOAT, ["d0", 8, "h", "w2"])]
    model = model_of(graph_of(nodes, inputs, outputs, {"w": weight(4, 4), "kernel": weight(8, 3, 3, 3)}))

    profile = profiled(model, tmp_path)

    at = dict.fromkeys(six, 3) | {"e": 5, "f": 7, "height": 64, "width": 32}
    convolved = 2 * 3 * 8 * (32 * 16) * (3 * 3 * 3)
    assert [cost.flops.at(at) for cost in profile.given.operators] == [32 * 3**6, 32 * 3 * 5 * 7, convolved]


def test_places_that_attend_to_each_other_within_five_further_dimensions_are_exact(tmp_path: Path) -> None:
    five = names(5)
    nodes = [node("Transpose", "x", "columns", perm=[0, 1, 2, 3, 4, 6, 5]), node("MatMul", "x columns", "scores")]
    model = model_of(graph_of(nodes, [("x", FLOAT, [*five, "n", 8])], [("scores", FLOAT, [*five, "n", "n"])]))

    profile = profiled(model, tmp_path)

    assert profile.flops.at(dict.fromkeys(five, 2) | {"n": 7}) == 2 * 2**5 * 7 * 7 * 8


@pytest.mark.parametrize("power", [3, 4])
def test_the_third_and_the_fourth_power_of_a_dimension_are_exact(power: int, tmp_path: Path) -> None:
    axes = ["batch", *["n"] * power, 4]
    model = model_of(graph_of([node("MatMul", "x w", "y")], [("x", FLOAT, axes)], [("y", FLOAT, axes)], {"w": weight(4, 4)}))

    assert profiled(model, tmp_path).flops.at({"batch": 3, "n": 10}) == 32 * 3 * 10**power


@pytest.mark.parametrize("layers", [10, 24, 70])
def test_a_past_of_its_own_length_for_each_layer_is_exact_or_listed(layers: int, tmp_path: Path) -> None:
    nodes, inputs, outputs = [], [("x", FLOAT, ["batch", "n", 8])], []
    for layer in range(layers):
        nodes += [node("Concat", f"past{layer} x", f"all{layer}", axis=1), node("MatMul", f"all{layer} w", f"y{layer}")]
        inputs.append((f"past{layer}", FLOAT, ["batch", f"length{layer}", 8]))
        outputs.append((f"y{layer}", FLOAT, ["batch", f"total{layer}", 8]))

    profile = profiled(model_of(graph_of(nodes, inputs, outputs, {"w": weight(8, 8)})), tmp_path)

    at = {"batch": 3, "n": 2} | {f"length{layer}": layer + 1 for layer in range(layers)}
    right = {f"y{layer}": 2 * 3 * (2 + layer + 1) * 64 for layer in range(layers)}
    found = {cost.name: cost.flops.at(at) for cost in profile.given.operators if cost.operator == "MatMul"}
    listed = dict(profile.given.uncosted).get("MatMul", 0)
    assert found.items() <= right.items()
    assert len(found) + listed == layers
    assert not listed or layers > 60
