"""What the operators of ai.onnx.ml cost, against arithmetic done by hand in the test."""

from __future__ import annotations

from typing import Any

import pytest

from infractl.domain.work import Family, Product, Work
from infractl.profile.node import Node, Operand
from infractl.profile.rule.work import work_of
from infractl.tensors import Dtype


def floats(*shape: int, weight: bool = False) -> Operand:
    return Operand(shape=shape, dtype=Dtype.float32, element_bytes=4, weight=weight)


def whole(*shape: int) -> Operand:
    return Operand(shape=shape, dtype=Dtype.int64, element_bytes=8, weight=False)


def texts(*shape: int, weight: bool = False) -> Operand:
    return Operand(shape=shape, dtype=Dtype.bytes_, element_bytes=32, weight=weight)


def cost(operator: str, inputs: list[Operand], *outputs: Operand, **attributes: Any) -> Work:
    made = Node(name="n", operator=operator, domain="ai.onnx.ml", inputs=tuple(inputs), outputs=outputs, attributes=attributes)
    work = work_of(made)
    assert work is not None
    return work


def test_of_the_features_only_those_are_read_that_are_extracted() -> None:
    work = cost("ArrayFeatureExtractor", [floats(10, 500), whole(2)], floats(10, 2))

    assert (work.operator, work.flops, work.weight_bytes) == ("Gather", 0, 0)
    assert work.activation_bytes == 2 * 4 * 10 * 2 + 8 * 2


def test_the_label_of_each_row_is_read_from_the_classes() -> None:
    work = cost("ArrayFeatureExtractor", [texts(1000, weight=True), whole(7)], texts(1, 7))

    assert (work.weight_bytes, work.activation_bytes) == (0, 2 * 32 * 7 + 8 * 7)


def test_a_key_costs_a_comparison_and_two_lines_of_a_table() -> None:
    encoded = cost("LabelEncoder", [texts(10, 3)], whole(10, 3), keys_strings=[b"a", b"b"], values_int64s=[0, 1])
    one_hot = cost("OneHotEncoder", [texts(10, 3)], floats(10, 3, 20), cats_strings=[b"a"] * 20)

    assert (encoded.family, encoded.flops, encoded.activation_bytes) == (Family.movement, 30, 30 * (32 + 128 + 8))
    assert (one_hot.family, one_hot.flops, one_hot.activation_bytes) == (Family.movement, 30, 30 * (32 + 128 + 20 * 4))


def test_a_scaler_subtracts_and_multiplies_and_reads_both_lists() -> None:
    work = cost("Scaler", [floats(10, 3)], floats(10, 3), offset=[1.0] * 3, scale=[2.0] * 3)

    assert (work.family, work.flops) == (Family.elementwise, 60)
    assert (work.weight_bytes, work.activation_bytes) == (2 * 3 * 4, 2 * 30 * 4)


def test_what_is_imputed_or_binarized_is_compared_once() -> None:
    imputed = cost("Imputer", [floats(10, 3)], floats(10, 3), imputed_value_floats=[0.5] * 3)
    binarized = cost("Binarizer", [floats(10, 3)], floats(10, 3), threshold=0.5)

    assert (imputed.flops, imputed.weight_bytes, binarized.flops) == (30, 12, 30)


@pytest.mark.parametrize(("norm", "operations"), [(b"MAX", 2), (b"L1", 3), (b"L2", 3)])
def test_a_normalizer_finds_the_largest_or_sums_and_divides(norm: bytes, operations: int) -> None:
    assert cost("Normalizer", [floats(10, 3)], floats(10, 3), norm=norm).flops == operations * 30


def test_features_side_by_side_are_copied() -> None:
    work = cost("FeatureVectorizer", [floats(10, 3), floats(10, 1)], floats(10, 4), inputdimensions=[3, 1])

    assert (work.operator, work.flops, work.activation_bytes) == ("Concat", 0, 2 * 40 * 4)


def test_a_linear_classifier_multiplies_adds_its_intercepts_and_finds_the_highest_softmax() -> None:
    attributes = {"coefficients": [1.0] * 12, "intercepts": [0.0] * 3, "post_transform": b"SOFTMAX"}

    work = cost("LinearClassifier", [floats(10, 4)], whole(10), floats(10, 3), **attributes)

    assert work.product == Product(count=1, rows=10, depth=4, columns=3)
    assert work.flops == 2 * 10 * 4 * 3 + 10 * 3 * (1 + 5 + 1)
    assert (work.family, work.weight_bytes) == (Family.product, 4 * (12 + 3))


def test_a_linear_regressor_multiplies_and_adds() -> None:
    work = cost("LinearRegressor", [floats(10, 4)], floats(10, 2), coefficients=[1.0] * 8, intercepts=[0.0] * 2, targets=2)

    assert work.flops == 2 * 10 * 4 * 2 + 10 * 2


def test_support_vectors_by_a_radial_kernel_are_differences_squares_and_exponentials() -> None:
    """20 vectors of 4 features for 3 classes: each is weighed for two of them."""
    attributes = {"support_vectors": [1.0] * 80, "coefficients": [1.0] * 40, "rho": [0.0] * 3, "kernel_type": b"RBF"}

    work = cost("SVMClassifier", [floats(10, 4)], whole(10), floats(10, 3), **attributes)

    pairs = 10 * 20
    assert (work.family, work.product) == (Family.transcendental, None)
    assert work.flops == pairs * (3 * 4 + 2) + pairs * 2 * 2
    assert work.weight_bytes == 4 * (80 + 40 + 3)
    assert work.activation_bytes == 10 * (4 * 4 + 8 + 3 * 4) + 2 * 4 * pairs


@pytest.mark.parametrize(("kernel", "operations"), [(b"LINEAR", 0), (b"POLY", 3), (b"SIGMOID", 7)])
def test_support_vectors_by_another_kernel_are_a_product(kernel: bytes, operations: int) -> None:
    attributes = {"support_vectors": [1.0] * 80, "coefficients": [1.0] * 20, "rho": [0.0], "kernel_type": kernel}

    work = cost("SVMRegressor", [floats(10, 4)], floats(10, 1), n_supports=20, **attributes)

    assert work.product == Product(count=1, rows=10, depth=4, columns=20)
    assert work.flops == 2 * 10 * 4 * 20 + 200 * operations + 200 * 2


def test_support_vectors_that_are_joined_to_coefficients_are_a_linear_model() -> None:
    work = cost("SVMRegressor", [floats(10, 4)], floats(10, 1), coefficients=[1.0] * 4, rho=[0.0], kernel_type=b"LINEAR")

    assert work.product == Product(count=1, rows=10, depth=4, columns=1)


def test_a_map_has_no_cost() -> None:
    made = Node(name="n", operator="ZipMap", domain="ai.onnx.ml", inputs=(floats(2, 3),), outputs=(None,), attributes={})

    assert work_of(made) is None
