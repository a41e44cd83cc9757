"""What the operators of `ai.onnx.ml` give: onnx tells it for few of them, and for none that a newer version has replaced.

After their specification (docs/Operators-ml.md of ONNX), and where that leaves it open as ONNX Runtime does it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from infractl.profile.infer import ContradictionError
from infractl.profile.tensor import Tensor

# Element types by ONNX's numbers.
_FLOAT, _INT64, _STRING = 1, 7, 8

Attributes = Mapping[str, Any]
Rule = Callable[[Sequence[Tensor], Attributes], list[Tensor | None] | None]


def learning_shape(operator: str, inputs: Sequence[Tensor | None], attributes: Attributes) -> list[Tensor | None] | None:
    """The outputs' types and shapes, or None where there is no rule, or the inputs do not fit it. Raises ContradictionError."""
    rule = _RULES.get(operator)
    known = [given for given in inputs if given is not None]
    if rule is None or not known or len(known) < len(inputs):
        return None
    try:
        return rule(known, attributes)
    except (IndexError, AttributeError, TypeError, ValueError):
        # With fewer inputs or axes, or with other attributes, than the operator has.
        return None


def _rows(given: Tensor) -> int:
    """One row of features may come without an axis for the rows."""
    return given.shape[0] if len(given.shape) > 1 else 1


def _labels(attributes: Attributes) -> tuple[int, int] | None:
    """Element type and number of a classifier's labels."""
    for name, kind in (("strings", _STRING), ("int64s", _INT64), ("ints", _INT64)):
        found = attributes.get(f"classlabels_{name}")
        if found:
            return kind, len(found)
    return None


def _classifier(scores: Callable[[int, Attributes], int]) -> Rule:
    """A label for each row, and as many scores as `scores` says for the number of labels."""

    def rule(inputs: Sequence[Tensor], attributes: Attributes) -> list[Tensor | None] | None:
        labels = _labels(attributes)
        if labels is None:
            return None
        kind, count = labels
        rows = _rows(inputs[0])
        return [Tensor(kind, (rows,)), Tensor(_FLOAT, (rows, scores(count, attributes)))]

    return rule


def _linear_scores(labels: int, attributes: Attributes) -> int:
    """One for each intercept. Of two classes one may be scored: the other's score is what that leaves."""
    scored = len(attributes.get("intercepts", ())) or labels
    return 2 if (scored, labels) == (1, 2) else scored


def _vector_scores(labels: int, attributes: Attributes) -> int:
    """Support vectors decide between each two classes, which only probabilities join to one score for each class."""
    paired = attributes.get("vectors_per_class") and not attributes.get("prob_a")
    return labels * (labels - 1) // 2 if paired and labels > 2 else labels


def _regressor(count: str) -> Rule:
    return lambda inputs, attributes: [Tensor(_FLOAT, (_rows(inputs[0]), attributes.get(count, 1)))]


def _each(inputs: Sequence[Tensor], attributes: Attributes) -> list[Tensor | None] | None:
    """A fraction for each number."""
    return [Tensor(_FLOAT, inputs[0].shape)]


def _same(inputs: Sequence[Tensor], attributes: Attributes) -> list[Tensor | None] | None:
    return [Tensor(inputs[0].element_type, inputs[0].shape)]


def _joined(inputs: Sequence[Tensor], attributes: Attributes) -> list[Tensor | None] | None:
    """Side by side: of each input so many columns as are declared, those that it lacks filled up."""
    widths = attributes.get("inputdimensions") or [given.shape[-1] for given in inputs]
    return [Tensor(_FLOAT, (_rows(inputs[0]), sum(widths)))]


def _mapped(inputs: Sequence[Tensor], attributes: Attributes) -> list[Tensor | None] | None:
    """Text is turned into whole numbers, and these into text."""
    return [Tensor(_INT64 if inputs[0].element_type == _STRING else _STRING, inputs[0].shape)]


def _encoded(inputs: Sequence[Tensor], attributes: Attributes) -> list[Tensor | None] | None:
    """A value of the table for each key. What the first version of the operator has is a list of texts, and their numbers."""
    if "classes_strings" in attributes:
        return _mapped(inputs, attributes)
    if "values_tensor" in attributes:
        return [Tensor(attributes["values_tensor"].data_type, inputs[0].shape)]
    kinds = {"values_strings": _STRING, "values_int64s": _INT64, "values_floats": _FLOAT}
    kind = next((kind for name, kind in kinds.items() if name in attributes), None)
    return None if kind is None else [Tensor(kind, inputs[0].shape)]


def _one_hot(inputs: Sequence[Tensor], attributes: Attributes) -> list[Tensor | None] | None:
    """A new last axis, with a place for each category."""
    categories = attributes.get("cats_int64s") or attributes.get("cats_strings")
    return [Tensor(_FLOAT, (*inputs[0].shape, len(categories)))] if categories else None


def _extracted(inputs: Sequence[Tensor], attributes: Attributes) -> list[Tensor | None] | None:
    """The places along the last axis that the second input lists, in whatever shape. What has no axis but that becomes a row."""
    given, places = inputs
    width = given.shape[-1]
    if places.value is not None and any(not 0 <= int(place) < width for place in places.value.flat):
        raise ContradictionError(f"one of {width} features is asked for that is not among them")
    return [Tensor(given.element_type, (*(given.shape[:-1] or (1,)), places.elements))]


_RULES: dict[str, Rule] = {
    "LinearClassifier": _classifier(_linear_scores),
    "SVMClassifier": _classifier(_vector_scores),
    "TreeEnsembleClassifier": _classifier(lambda labels, _: labels),
    "TreeEnsembleRegressor": _regressor("n_targets"),
    "LinearRegressor": _regressor("targets"),
    "SVMRegressor": _regressor("targets"),
    **dict.fromkeys(("Scaler", "Normalizer"), _each),
    **dict.fromkeys(("Imputer", "Binarizer"), _same),
    "FeatureVectorizer": _joined,
    "CategoryMapper": _mapped,
    "LabelEncoder": _encoded,
    "OneHotEncoder": _one_hot,
    "ArrayFeatureExtractor": _extracted,
}
