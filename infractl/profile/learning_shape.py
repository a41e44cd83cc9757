"""What the operators of `ai.onnx.ml` give: onnx tells it for few of them, and for none that a newer version has replaced."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from infractl.profile.tensor import Tensor

# Element types by ONNX's numbers.
_FLOAT, _INT64, _STRING = 1, 7, 8

Attributes = Mapping[str, Any]
Rule = Callable[[Sequence[Tensor | None], Attributes], list[Tensor | None] | None]


def learning_shape(operator: str, inputs: Sequence[Tensor | None], attributes: Attributes) -> list[Tensor | None] | None:
    """The outputs' types and shapes, or None where there is no rule, or the inputs do not fit it."""
    rule = _RULES.get(operator)
    return rule(inputs, attributes) if rule and inputs and inputs[0] else None


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


def _classifier(inputs: Sequence[Tensor | None], attributes: Attributes) -> list[Tensor | None] | None:
    labels = _labels(attributes)
    if labels is None or inputs[0] is None:
        return None
    kind, count = labels
    rows = _rows(inputs[0])
    # Of a model that scores one class the scores are of both all the same.
    return [Tensor(kind, (rows,)), Tensor(_FLOAT, (rows, max(count, 2)))]


def _regressor(count: str) -> Rule:
    def rule(inputs: Sequence[Tensor | None], attributes: Attributes) -> list[Tensor | None] | None:
        return [Tensor(_FLOAT, (_rows(inputs[0]), attributes.get(count, 1)))] if inputs[0] else None

    return rule


def _each(inputs: Sequence[Tensor | None], attributes: Attributes) -> list[Tensor | None] | None:
    """A number for each number."""
    return [Tensor(_FLOAT, inputs[0].shape)] if inputs[0] else None


def _joined(inputs: Sequence[Tensor | None], attributes: Attributes) -> list[Tensor | None] | None:
    known = [given for given in inputs if given and len(given.shape) == 2]
    if len(known) < len(inputs):
        return None
    return [Tensor(_FLOAT, (known[0].shape[0], sum(given.shape[1] for given in known)))]


def _mapped(inputs: Sequence[Tensor | None], attributes: Attributes) -> list[Tensor | None] | None:
    """A CategoryMapper turns text into numbers, and numbers into text."""
    return [Tensor(_INT64 if inputs[0].element_type == _STRING else _STRING, inputs[0].shape)] if inputs[0] else None


_RULES: dict[str, Rule] = {
    **dict.fromkeys(("LinearClassifier", "SVMClassifier", "TreeEnsembleClassifier"), _classifier),
    "TreeEnsembleRegressor": _regressor("n_targets"),
    "LinearRegressor": _regressor("targets"),
    "SVMRegressor": _regressor("targets"),
    **dict.fromkeys(("Scaler", "Normalizer", "Imputer", "Binarizer"), _each),
    "FeatureVectorizer": _joined,
    "CategoryMapper": _mapped,
}
