"""The operators of ai.onnx.ml one by one, also in forms that no exporter writes: types and shapes as ONNX Runtime gives them."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

from infractl.profile.infer import ContradictionError
from infractl.profile.learning_shape import learning_shape
from infractl.profile.tensor import Tensor

Array = NDArray[Any]
STRING = 8


def floats(*shape: int) -> Array:
    return np.ones(shape, np.float32)


def whole(*shape: int) -> Array:
    return np.ones(shape, np.int64)


def texts(*shape: int) -> Array:
    return np.full(shape, "a", object)


def doubles(*shape: int) -> Array:
    return np.ones(shape)


@pytest.mark.parametrize("places", [np.array(1), np.array([1]), np.array([0, 1, 2]), np.array([[0, 1]]), np.array([[0], [1]])])
@pytest.mark.parametrize("given", [floats(4), floats(3, 4), floats(2, 3, 4), whole(3, 4), texts(3, 4), texts(4)])
def test_features_are_extracted(given: Array, places: Array) -> None:
    as_the_engine("ArrayFeatureExtractor", given, places)


@pytest.mark.parametrize("place", [-1, 4])
def test_a_feature_that_is_not_there_contradicts_the_sizes(place: int) -> None:
    with pytest.raises(ContradictionError):
        learning_shape("ArrayFeatureExtractor", [tensor(floats(3, 4)), tensor(np.array([place]), known=True)], {})


@pytest.mark.parametrize("keys", [texts(4), texts(2, 3), texts()])
@pytest.mark.parametrize(
    ("version", "table"),
    [
        (1, {"classes_strings": ["a", "b"]}),
        (2, {"keys_strings": ["a"], "values_int64s": [3]}),
        (2, {"keys_strings": ["a"], "values_floats": [3.0]}),
        (2, {"keys_strings": ["a"], "values_strings": ["b"]}),
        (4, {"keys_strings": ["a"], "values_tensor": ("INT64", 3), "default_tensor": ("INT64", -1)}),
    ],
)
def test_keys_of_a_table_become_its_values(keys: Array, version: int, table: dict[str, Any]) -> None:
    attributes = {
        name: helper.make_tensor("one", TensorProto.DataType.Value(value[0]), [1], [value[1]]) if type(value) is tuple else value
        for name, value in table.items()
    }
    as_the_engine("LabelEncoder", keys, version=version, **attributes)


def test_numbers_are_keys_too() -> None:
    as_the_engine("LabelEncoder", whole(4), version=1, classes_strings=["a", "b"])
    as_the_engine("LabelEncoder", floats(2, 4), version=2, keys_floats=[1.0], values_strings=["b"])
    as_the_engine("CategoryMapper", whole(2, 3), cats_int64s=[1], cats_strings=["a"])
    as_the_engine("CategoryMapper", texts(2, 3), cats_int64s=[1], cats_strings=["a"])


@pytest.mark.parametrize("given", [whole(), whole(4), whole(2, 3), floats(2, 3, 4), doubles(2, 3)])
def test_each_category_has_a_place_in_a_new_last_axis(given: Array) -> None:
    as_the_engine("OneHotEncoder", given, cats_int64s=[1, 2, 3])


def test_texts_are_categories_too() -> None:
    as_the_engine("OneHotEncoder", texts(2, 1), cats_strings=["a", "b"])


@pytest.mark.parametrize("given", [floats(4), floats(2, 3), whole(2, 3), doubles(2, 3)])
def test_what_is_scaled_or_normalized_is_a_float(given: Array) -> None:
    as_the_engine("Scaler", given, offset=[0.0], scale=[1.0])
    as_the_engine("Normalizer", given, norm="L2")


def test_what_is_imputed_or_binarized_stays_of_its_type() -> None:
    as_the_engine("Imputer", floats(2, 3, 4), imputed_value_floats=[0.0], replaced_value_float=1.0)
    as_the_engine("Imputer", whole(2, 3), imputed_value_int64s=[0], replaced_value_int64=1)
    as_the_engine("Binarizer", floats(2, 3), threshold=0.5)


@pytest.mark.parametrize(
    ("given", "widths"),
    [
        ([floats(2, 3), floats(2, 1)], [3, 1]),
        ([floats(3), floats(1)], [3, 1]),
        ([whole(2, 3), whole(2, 1)], [2, 4]),
        ([floats(2, 3, 2), floats(2, 1)], [6, 1]),
    ],
)
def test_features_side_by_side_are_as_many_as_is_declared(given: list[Array], widths: list[int]) -> None:
    as_the_engine("FeatureVectorizer", *given, inputdimensions=widths)


@pytest.mark.parametrize(
    ("labels", "scored"),
    [
        ({"classlabels_ints": [0, 1]}, 1),
        ({"classlabels_ints": [0, 1]}, 2),
        ({"classlabels_strings": ["a", "b"]}, 1),
        ({"classlabels_ints": [0, 1, 2]}, 3),
        ({"classlabels_ints": [0, 1, 2]}, 2),
    ],
)
@pytest.mark.parametrize("given", [floats(4), floats(5, 4), doubles(5, 4)])
def test_a_linear_classifier_scores_as_many_classes_as_it_has_intercepts_and_of_two_both(given, labels, scored) -> None:
    as_the_engine("LinearClassifier", given, outputs=2, coefficients=[1.0] * 4 * scored, intercepts=[0.0] * scored, **labels)


@pytest.mark.parametrize("given", [floats(4), floats(5, 4)])
def test_a_linear_regressor_has_a_column_for_each_target(given: Array) -> None:
    as_the_engine("LinearRegressor", given, coefficients=[1.0] * 8, intercepts=[0.0] * 2, targets=2)
    as_the_engine("LinearRegressor", given, coefficients=[1.0] * 4)


@pytest.mark.parametrize("classes", [2, 3, 4, 5])
@pytest.mark.parametrize("probable", [True, False])
def test_support_vectors_decide_between_each_two_classes_unless_probabilities_are_asked_for(classes: int, probable: bool) -> None:
    pairs = classes * (classes - 1) // 2
    probability = {"prob_a": [1.0] * pairs, "prob_b": [0.0] * pairs} if probable else {}
    as_the_engine(
        "SVMClassifier",
        floats(6, 3),
        outputs=2,
        support_vectors=[1.0] * 3 * 2 * classes,
        vectors_per_class=[2] * classes,
        coefficients=[1.0] * 2 * classes * (classes - 1),
        rho=[0.0] * pairs,
        kernel_type="RBF",
        kernel_params=[1.0, 0.0, 3.0],
        classlabels_strings=list("abcde"[:classes]),
        **probability,
    )


def test_support_vectors_that_are_joined_to_coefficients_score_each_class() -> None:
    as_the_engine(
        "SVMClassifier",
        floats(6, 3),
        outputs=2,
        coefficients=[1.0] * 12,
        rho=[0.0],
        kernel_type="LINEAR",
        kernel_params=[1.0, 0.0, 3.0],
        classlabels_ints=[0, 1, 2, 3],
    )


def test_support_vectors_regress_one_target() -> None:
    kernel = {"kernel_type": "LINEAR", "kernel_params": [1.0, 0.0, 3.0]}
    as_the_engine("SVMRegressor", floats(6, 3), coefficients=[1.0] * 3, rho=[0.0], n_supports=0, **kernel)
    as_the_engine("SVMRegressor", floats(3), coefficients=[1.0] * 3, rho=[0.0], n_supports=0, **kernel)


@pytest.mark.parametrize("classes", [1, 2, 3])
def test_trees_score_every_class(classes: int) -> None:
    """One tree: a branch with two leaves, each for a class of its own where there are several."""
    as_the_engine(
        "TreeEnsembleClassifier",
        floats(5, 4),
        outputs=2,
        nodes_treeids=[0, 0, 0],
        nodes_nodeids=[0, 1, 2],
        nodes_featureids=[0, 0, 0],
        nodes_values=[0.5, 0.0, 0.0],
        nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"],
        nodes_truenodeids=[1, 0, 0],
        nodes_falsenodeids=[2, 0, 0],
        class_treeids=[0, 0],
        class_nodeids=[1, 2],
        class_ids=[0, min(1, classes - 1)],
        class_weights=[1.0, 2.0],
        classlabels_int64s=list(range(classes)),
    )


@pytest.mark.parametrize(
    ("operator", "inputs", "attributes"),
    [
        ("ArrayFeatureExtractor", [floats(3, 4)], {}),
        ("ArrayFeatureExtractor", [floats(), whole(1)], {}),
        ("LabelEncoder", [texts(2)], {}),
        ("OneHotEncoder", [texts(2)], {}),
        ("LinearClassifier", [floats(2, 4)], {"coefficients": [1.0] * 4}),
        ("Scaler", [], {}),
        ("ZipMap", [floats(2, 3)], {"classlabels_int64s": [0, 1, 2]}),
    ],
)
def test_what_does_not_fit_a_rule_has_no_shape(operator: str, inputs: list[Array], attributes: dict[str, Any]) -> None:
    assert learning_shape(operator, [tensor(given) for given in inputs], attributes) is None


def as_the_engine(operator: str, *inputs: Array, outputs: int = 1, version: int = 3, **attributes: Any) -> None:
    """The operator's outputs by our rule are those of ONNX Runtime."""
    names = [f"i{place}" for place in range(len(inputs))]
    made = [f"o{place}" for place in range(outputs)]
    node = helper.make_node(operator, names, made, domain="ai.onnx.ml", **attributes)
    taken = [
        helper.make_tensor_value_info(name, element_type(given), given.shape) for name, given in zip(names, inputs, strict=True)
    ]
    graph = helper.make_graph([node], "graph", taken, [onnx.ValueInfoProto(name=name) for name in made])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", version)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)

    found = ort.InferenceSession(model.SerializeToString()).run(None, dict(zip(names, inputs, strict=True)))

    values = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
    known = learning_shape(operator, [tensor(given) for given in inputs], values)
    assert [(each.element_type, each.shape) for each in known] == [(element_type(array), array.shape) for array in found]


def tensor(array: Array, *, known: bool = False) -> Tensor:
    return Tensor(element_type(array), array.shape, value=array if known else None)


def element_type(array: Array) -> int:
    return STRING if array.dtype == object else helper.np_dtype_to_tensor_dtype(array.dtype)
