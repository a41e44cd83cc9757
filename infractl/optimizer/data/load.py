"""A data file as rows for a model: every problem that it has with the model's signature is told at once."""

from __future__ import annotations

from pathlib import Path

from infractl.errors import DataError, Diagnostics
from infractl.optimizer.data.assemble import assemble
from infractl.optimizer.data.cast import LossyCastError, cast
from infractl.optimizer.data.read import read
from infractl.optimizer.data.table import Table
from infractl.optimizer.rows import Rows
from infractl.tensors import Signature, Tensor, TensorSpec


def load(path: Path, signature: Signature, labels: str | None = None) -> Rows:
    """The file's rows in the model's names, types and shapes, with the array or column called `labels`. Raises DataError."""
    wanted = {spec.name for spec in signature.inputs} | ({labels} if labels else set())
    return fit(read(path, wanted), signature, labels, at=str(path))


def fit(table: Table, signature: Signature, labels: str | None, *, at: str) -> Rows:
    """The table's rows as the model takes them. Raises DataError with every problem."""
    problems = Diagnostics()
    _rows_first(signature, problems, at)
    assembled = assemble(table, signature, labels, problems, at)
    problems.raise_errors(DataError)
    arrays = {spec.name: _fitted(assembled.inputs[spec.name], spec, problems, at) for spec in signature.inputs}
    given = assembled.labels
    checked = None if given is None else _checked_labels(given, labels or "", problems, at)
    _one_length(arrays, checked, labels, problems, at)
    _one_size_an_axis(arrays, signature, problems, at)
    problems.raise_errors(DataError)
    return Rows(inputs=arrays, labels=checked)


def _rows_first(signature: Signature, problems: Diagnostics, at: str) -> None:
    """Rows lie along the first axis of every input: of any size, or of one size that is the model's fixed batch."""
    firsts = {spec.shape[0] if spec.shape else None for spec in signature.inputs}
    sizes = {first for first in firsts if not isinstance(first, str)}
    if None in firsts or len(sizes) > 1 or (sizes and len(firsts) > 1):
        axes = ", ".join(f"{spec.name} [{', '.join(map(str, spec.shape))}]" for spec in signature.inputs)
        problems.error(
            "data-model-rows",
            summary="the first axes of this model's inputs do not count rows together, so that data cannot be divided into rows",
            detail=axes,
            at=at,
            remedy="export the model with the batch as the first axis of every input",
        )


def _fitted(array: Tensor, spec: TensorSpec, problems: Diagnostics, at: str) -> Tensor:
    if array.ndim != len(spec.shape) or any(
        isinstance(wanted, int) and wanted != size for wanted, size in zip(spec.shape[1:], array.shape[1:], strict=True)
    ):
        problems.error(
            "data-shape",
            summary="an input has another shape than the model takes",
            detail=f"{spec.name} is [{', '.join(map(str, array.shape))}], and a row for the model "
            f"[{', '.join(map(str, spec.shape[1:]))}]",
            at=at,
            remedy="give every input one axis of rows and after it the axes that the model declares, in their order",
        )
        return array
    _finite(array, spec.name, problems, at)
    try:
        return cast(array, spec.dtype)
    except LossyCastError as error:
        problems.error(
            "data-dtype",
            summary="an input cannot become what the model takes without becoming another value",
            detail=f"{spec.name}: {error}",
            at=at,
            remedy=error.remedy,
        )
        return array


def _finite(array: Tensor, name: str, problems: Diagnostics, at: str) -> None:
    import numpy as np

    if array.dtype.kind != "f" or np.isfinite(array).all():
        return
    axes = tuple(range(1, array.ndim))
    rows = np.flatnonzero(~np.isfinite(array).all(axis=axes))
    problems.error(
        "data-not-finite",
        summary="the data has NaN, infinite or missing values",
        detail=f"{name}: {len(rows):,} of {len(array):,} rows, the first of them row {rows[0] + 1}",
        at=at,
        remedy="leave these rows out, or fill them as the service's clients do",
    )


def _checked_labels(labels: Tensor, name: str, problems: Diagnostics, at: str) -> Tensor:
    """Labels of numbers or texts, [rows] or [rows, values]; a last axis of one is dropped."""
    import numpy as np

    if labels.dtype.kind not in "biufUS" or labels.ndim not in (1, 2):
        problems.error(
            "data-labels",
            summary="the labels are not what a model's answers can be compared with",
            detail=f"{name} is [{', '.join(map(str, labels.shape))}] of {labels.dtype}",
            at=at,
            remedy="give one number or text a row, or for rmse and mae one row of numbers",
        )
        return labels
    _finite(labels, name, problems, at)
    if labels.dtype.kind == "S":
        labels = np.char.decode(np.asarray(labels, np.bytes_), "utf-8", "replace")
    return labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels


def _one_length(arrays: dict[str, Tensor], labels: Tensor | None, name: str | None, problems: Diagnostics, at: str) -> None:
    lengths = {key: len(array) for key, array in arrays.items() if array.ndim}
    if labels is not None and labels.ndim:
        lengths[name or "labels"] = len(labels)
    told = ", ".join(f"{key} has {length:,}" for key, length in lengths.items())
    if len(set(lengths.values())) > 1:
        problems.error(
            "data-lengths",
            summary="inputs and labels have different numbers of rows",
            detail=told,
            at=at,
            remedy="give one label, and one row of every input, for each example",
        )
    elif not all(lengths.values()):
        problems.error("data-empty", summary="the data has no rows", detail=told, at=at, remedy="give at least one row")


def _one_size_an_axis(arrays: dict[str, Tensor], signature: Signature, problems: Diagnostics, at: str) -> None:
    """A dynamic axis that several inputs name has one size."""
    sizes: dict[str, dict[str, int]] = {}
    for spec in signature.inputs:
        array = arrays[spec.name]
        if array.ndim == len(spec.shape):
            for axis, size in list(zip(spec.shape, array.shape, strict=True))[1:]:
                if isinstance(axis, str):
                    sizes.setdefault(axis, {})[spec.name] = size
    for axis, by_input in sizes.items():
        if len(set(by_input.values())) > 1:
            problems.error(
                "data-axis",
                summary="an axis that inputs share has several sizes",
                detail=f"{axis}: " + ", ".join(f"{size} in {name}" for name, size in by_input.items()),
                at=at,
                remedy="pad the inputs to one size, as clients do",
            )
