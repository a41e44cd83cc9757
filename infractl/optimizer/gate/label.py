"""Labels in the terms of a model's answers: one that cannot mean what it is compared with is an error, never a wrong answer."""

from __future__ import annotations

from infractl.errors import DataError
from infractl.tensors import Tensor


def like_classes(labels: Tensor, predicted: Tensor, count: int | None) -> Tensor:
    """Labels as whole numbers or texts, as `predicted` has them. `count`: how many classes there are scores for.

    Raises DataError where they are fractions, of the other sort, or beyond the classes.
    """
    import numpy as np

    if labels.ndim != 1:
        raise unfit(
            f"{list(labels.shape)} labels, and one for each row is needed", "give the number of the class, not a row of 0 and 1"
        )
    if labels.dtype.kind == "f":
        whole = labels.astype(np.int64)
        if (whole != labels).any():
            raise unfit(
                "some are no whole numbers", "name the labels, or choose rmse or mae for a model that answers with amounts"
            )
        labels = whole
    if (labels.dtype.kind in "US") != (predicted.dtype.kind in "US"):
        sort = "texts" if labels.dtype.kind in "US" else "numbers"
        raise unfit(
            f"the labels are {sort}, and the model's answers are not", "give the labels as the model answers, counted from 0"
        )
    if labels.dtype.kind == "b":
        labels = labels.astype(np.int64)
    if count is not None and labels.dtype.kind in "iu" and len(labels) and (labels.min() < 0 or labels.max() >= count):
        raise unfit(
            f"they go from {labels.min()} to {labels.max()}, and the model has scores for {count} classes",
            "number the classes from 0 in the order of the model's outputs",
        )
    return labels


def like_amounts(labels: Tensor, answered: Tensor) -> Tensor:
    """Labels as floats [rows, values], as many values as the model answers. Raises DataError."""
    import numpy as np

    if labels.dtype.kind not in "biuf":
        raise unfit("they are no numbers", "choose accuracy for a model that tells classes apart")
    columns = labels.reshape(len(labels), -1).astype(np.float64)
    if columns.shape != answered.shape:
        raise unfit(
            f"{columns.shape[1]} values a row, and the model answers {answered.shape[1]}",
            "give as many labels for each row as the model answers; for classes choose another metric",
        )
    return columns


def unfit(detail: str, remedy: str) -> DataError:
    return DataError.of(
        "gate-labels", summary="the labels are not what this model's answers can be compared with", detail=detail, remedy=remedy
    )
