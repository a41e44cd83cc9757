"""What models answer to rows, and which of their outputs is the answer that a metric is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from infractl.errors import DataError, ModelError
from infractl.optimizer.rows import Rows
from infractl.tensors import Signature, Tensor

if TYPE_CHECKING:
    from infractl.engines.engine import Session

    Answers = Mapping[str, Tensor]

BATCH = 32
"""Rows in a call. Dynamic quantization scales a whole batch at once, so that every candidate has to see the same batches."""


def answers(session: Session, rows: Rows, batch: int = BATCH) -> Answers:
    """Every output that has a row for each input row, over all rows. Raises ModelError where the model fails, or has none."""
    size = batch_of(session.signature, batch)
    calls: list[Mapping[str, Tensor]] = []
    for start in range(0, len(rows), size):
        positions = [min(i, len(rows) - 1) for i in range(start, start + size)]
        # A model of a fixed batch gets its last row more than once.
        if isinstance(session.signature.inputs[0].shape[0], str):
            positions = positions[: len(rows) - start]
        calls.append(session.run(rows.at(positions).inputs))
    joined = {name: _joined([call[name] for call in calls]) for name in (calls[0] if calls else ())}
    found = {name: array[: len(rows)] for name, array in joined.items() if array is not None and len(array) >= len(rows)}
    if not found:
        raise ModelError.of(
            "model-outputs",
            summary="no output of this model has a row for each row of its inputs",
            detail=", ".join(f"{o.name} [{', '.join(map(str, o.shape))}]" for o in session.signature.outputs),
            remedy="export the model with the batch as the first axis of its outputs",
        )
    return found


def _joined(parts: Sequence[Tensor]) -> Tensor | None:
    """None where the parts have no axis of rows, or differ in another one."""
    import numpy as np

    if any(part.ndim == 0 for part in parts) or len({part.shape[1:] for part in parts}) > 1:
        return None
    return np.concatenate(parts)


def batch_of(signature: Signature, batch: int) -> int:
    """Rows that one call takes: the model's own number where it is fixed."""
    first = signature.inputs[0].shape[0]
    return first if isinstance(first, int) else batch


def classes(outputs: Answers, output: str | None = None) -> Tensor:
    """The class that each row is said to be of, [rows].

    The output of whole numbers or texts where there is one, as tree models have it; else the largest of the first output
    [rows, classes], by its position; else whether a single score is above one half, or above zero where it is no probability.
    Raises DataError.
    """
    import numpy as np

    columns = {name: column for name in _named(outputs, output) if (column := _column(outputs[name])) is not None}
    for column in columns.values():
        if column.dtype.kind in "biuUSO":
            return column.astype(np.str_) if column.dtype.kind in "SO" else column
    for name in _named(outputs, output):
        if outputs[name].ndim == 2 and outputs[name].shape[1] > 1 and outputs[name].dtype.kind == "f":
            return np.asarray(outputs[name].argmax(axis=1))
    for column in columns.values():
        return np.greater(column, threshold(column)).astype(np.int64)
    raise no_answer(outputs, "a class for each row: whole numbers or texts [rows], or scores [rows, classes]")


def threshold(scores: Tensor) -> float:
    """One half for probabilities; zero for what goes beyond 0 and 1."""
    import numpy as np

    values = np.asarray(scores, np.float64)
    return 0.5 if bool(((values >= 0) & (values <= 1)).all()) else 0.0


def scores(outputs: Answers, output: str | None = None) -> Tensor:
    """The first output of floats, [rows, classes] or, of a single score, [rows, 1]. Raises DataError."""
    for name in _named(outputs, output):
        array = outputs[name]
        if array.dtype.kind == "f" and array.ndim in (1, 2):
            return array if array.ndim == 2 else array[:, None]
    raise no_answer(outputs, "scores, [rows] or [rows, classes]")


def _named(outputs: Answers, output: str | None) -> list[str]:
    if output is None:
        return list(outputs)
    if output not in outputs:
        raise no_answer(outputs, f"an output called {output}")
    return [output]


def _column(array: Tensor) -> Tensor | None:
    if array.ndim == 2 and array.shape[1] == 1:
        return array[:, 0]
    return array if array.ndim == 1 else None


def no_answer(outputs: Answers, wanted: str) -> DataError:
    given = ", ".join(f"{name} {list(array.shape)} of {array.dtype}" for name, array in outputs.items())
    return DataError.of(
        "gate-outputs",
        summary="the model's outputs are not what this metric compares",
        detail=f"it needs {wanted}, and there is: {given}",
        remedy="choose another metric; `infractl profile MODEL` shows the outputs",
    )
