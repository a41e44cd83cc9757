"""Which array of a table is which input: by name, or by order where a model takes a single row of columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from infractl.errors import Diagnostics
from infractl.optimizer.data.table import Table
from infractl.spec.telling.suggest import closest, did_you_mean
from infractl.tensors import Signature, Tensor, TensorSpec

_MOST_NAMED = 8


@dataclass(slots=True, kw_only=True)
class Assembled:
    inputs: dict[str, Tensor] = field(default_factory=dict)
    labels: Tensor | None = None


def assemble(table: Table, signature: Signature, labels: str | None, problems: Diagnostics, at: str) -> Assembled:
    """Every input's array and the labels'; what is missing is left out and told."""
    found = Assembled(labels=_labels(table, labels, problems, at) if labels else None)
    by_name = {spec.name: table.arrays[spec.name] for spec in signature.inputs if spec.name in table.arrays}
    others = [name for name in table.names if name != labels]
    if len(by_name) == len(signature.inputs):
        found.inputs = {spec.name: _as_column(by_name[spec.name], spec, table.columns) for spec in signature.inputs}
    elif table.names == ("",) and len(signature.inputs) == 1:
        found.inputs = {signature.inputs[0].name: table.arrays[""]}
    elif table.columns and not by_name and _takes_columns(signature):
        found.inputs = _joined(table, others, signature.inputs[0], problems, at)
    else:
        _tell_missing(others, [spec.name for spec in signature.inputs if spec.name not in by_name], problems, at)
    return found


def _labels(table: Table, labels: str, problems: Diagnostics, at: str) -> Tensor | None:
    if labels in table.arrays:
        return table.arrays[labels]
    known = [name for name in table.names if name]
    problems.error(
        "data-labels-missing",
        summary="the data has nothing by the name of the labels",
        detail=f"{labels} is not among: {', '.join(known[:40]) or 'no names: the file is a single array'}",
        at=at,
        remedy=did_you_mean(labels, known, "name the labels as the data does"),
    )
    return None


def _as_column(array: Tensor, spec: TensorSpec, columns: bool) -> Tensor:
    """A column, [rows], for an input [rows, 1]."""
    return array[:, None] if columns and array.ndim == 1 and len(spec.shape) == 2 else array


def _takes_columns(signature: Signature) -> bool:
    return len(signature.inputs) == 1 and len(signature.inputs[0].shape) == 2


def _joined(table: Table, names: Sequence[str], spec: TensorSpec, problems: Diagnostics, at: str) -> dict[str, Tensor]:
    """All columns side by side, in the file's order, as the model's only input."""
    import numpy as np

    width = spec.shape[1]
    texts = [name for name in names if table.arrays[name].dtype.kind in "USO"]
    if isinstance(width, int) and width != len(names):
        problems.error(
            "data-width",
            summary="the data has another number of columns than the model's input",
            detail=f"{len(names)} besides the labels: {_some(names)}; {spec.name} takes {width}",
            at=at,
            remedy="leave out columns that are no features, such as an index, and say which one holds the labels",
        )
    elif texts and len(texts) < len(names):
        problems.error(
            "data-text",
            summary="a column of texts stands among columns of numbers",
            detail=_some(texts),
            at=at,
            remedy="encode it as the model was trained with, or name it as the labels if it holds them",
        )
    if problems.errors:
        return {}
    return {spec.name: np.stack([table.arrays[name] for name in names], axis=1)} if names else {spec.name: np.zeros((0, 0))}


def _tell_missing(have: Sequence[str], missing: Sequence[str], problems: Diagnostics, at: str) -> None:
    named = [name for name in have if name]
    if not named:
        problems.error(
            "data-names",
            summary="the data lacks an input of the model",
            detail=f"a single array, and the model takes: {', '.join(missing)}",
            at=at,
            remedy="save an npz file with an array for each input, by its name",
        )
        return
    for name in missing:
        problems.error(
            "data-names",
            summary="the data lacks an input of the model",
            detail=f"{name} is not among: {', '.join(named[:40])}",
            at=at,
            remedy=f"rename {slip} to {name}" if (slip := _slip(name, named)) else f"add an array called {name}",
        )


def _slip(name: str, named: Sequence[str]) -> str | None:
    """What was probably meant: the only array, or the most similar name."""
    return named[0] if len(named) == 1 else closest(name, named)


def _some(names: Sequence[str]) -> str:
    return ", ".join(name or "(no name)" for name in names[:_MOST_NAMED]) + ", …" * (len(names) > _MOST_NAMED)
