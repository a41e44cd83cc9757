"""`forest`: the small digits of scikit-learn by a random forest of 300 trees, converted by skl2onnx."""

from __future__ import annotations

import numpy as np

from benchmarks.tasks.task import MadeTask

_TREES = 300


def forest() -> MadeTask:
    """`X` FP32 [batch, 64] → `label` INT64 [batch], `probabilities` FP32 [batch, 10].

    Of the 1,797 rows 900 are to judge by, 180 to calibrate with, and the rest was trained on.
    """
    from skl2onnx import to_onnx
    from sklearn.datasets import load_digits
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import train_test_split

    rows, labels = load_digits(return_X_y=True)
    rows = rows.astype(np.float32)
    others, validation, other_labels, validation_labels = train_test_split(
        rows, labels, test_size=900, random_state=0, stratify=labels
    )
    train, calibration, train_labels, _ = train_test_split(others, other_labels, test_size=180, random_state=0)
    model = RandomForestClassifier(_TREES, random_state=0).fit(train, train_labels)
    onnx = to_onnx(
        model,
        X=rows[:1],
        options={"zipmap": False},
        target_opset={"": 17, "ai.onnx.ml": 3},
    )
    for value in (*onnx.graph.input, *onnx.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    return MadeTask(
        model=onnx.SerializeToString(),
        calibration={onnx.graph.input[0].name: calibration},
        validation={onnx.graph.input[0].name: validation},
        labels=validation_labels.astype(np.int64),
    )
