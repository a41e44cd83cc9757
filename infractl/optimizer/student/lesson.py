"""What students learn: the given model's answers to the calibration rows, and to more rows like them where that is permitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from infractl.engines.engine import Session
from infractl.optimizer.passes.contract import PassRefusedError, Work
from infractl.optimizer.student.augment import Augment, augmented
from infractl.optimizer.student.network import Scaling
from infractl.optimizer.student.terms import Form, Terms, terms
from infractl.tensors import Tensor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FEWEST_ROWS = 32
"""Fewer cannot show a student anything."""
AUGMENTED_ROWS = 24_000
"""Of 2,000 images so many were made in this project's measurements, and six times gone through."""
MOST_BYTES = 512 * 2**20
_BATCH = 256
_LEAST_SHARE = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """`inputs` [rows, ...] and `targets` [rows, width] are scaled, FP32 and, as images, channels first."""

    terms: Terms
    inputs: Tensor
    targets: Tensor
    scaling: Scaling


def lesson(teacher: Session, work: Work, how: Augment, kind: str, most: int = AUGMENTED_ROWS) -> Lesson:
    """Of `most` rows where more may be made.

    Raises PassRefusedError where there is too little to learn from, or no student could stand in for the model.
    """
    if len(work.calibration) < FEWEST_ROWS:
        raise PassRefusedError(
            "no-data", f"a student learns from {FEWEST_ROWS} rows or more, and there are {len(work.calibration)}"
        )
    rows = work.calibration.inputs
    wanted = terms(teacher.signature, ask(teacher, rows), kind)
    if how is Augment.image and len(wanted.item) == 1:
        raise PassRefusedError("settings", "augment: image is for images, and these rows are a table's")
    if how is Augment.table and len(wanted.item) != 1:
        raise PassRefusedError("settings", "augment: table is for tables, and these rows are images")
    given = rows[wanted.input.name]
    count = min(most, MOST_BYTES // (4 * prod(given.shape[1:])))
    inputs = augmented(_channels_first(given, wanted), count, how, work.seed)
    answers = ask(teacher, {wanted.input.name: _as_given(inputs, wanted)})[wanted.scores.name]
    return _scaled(wanted, inputs, _targets(answers, wanted.form))


def ask(model: Session, rows: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Every output for all rows, in batches. Raises ModelError."""
    import numpy as np

    count = len(next(iter(rows.values())))
    fixed = model.signature.inputs[0].shape[0]
    size = fixed if isinstance(fixed, int) else _BATCH
    found: dict[str, list[Tensor]] = {}
    for start in range(0, count, size):
        part = {name: values[start : start + size] for name, values in rows.items()}
        taken = min(size, count - start)
        if isinstance(fixed, int) and taken < size:
            # The last batch is filled up with copies of its last row.
            part = {name: np.concatenate([values, np.repeat(values[-1:], size - taken, axis=0)]) for name, values in part.items()}
        for name, values in model.run(part).items():
            found.setdefault(name, []).append(values[:taken])
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _channels_first(images: Tensor, wanted: Terms) -> Tensor:
    import numpy as np

    return np.moveaxis(images, 3, 1) if wanted.channels_last else images


def _as_given(images: Tensor, wanted: Terms) -> Tensor:
    import numpy as np

    return np.ascontiguousarray(np.moveaxis(images, 1, 3)) if wanted.channels_last else images


def _targets(answers: Tensor, form: Form) -> Tensor:
    """Logits where a softmax was the last step: a share of 0 is one of 1e-5."""
    import numpy as np

    targets = np.asarray(answers, np.float32)
    return np.log(np.maximum(targets, _LEAST_SHARE)) if form is Form.probabilities else targets


def _scaled(wanted: Terms, inputs: Tensor, targets: Tensor) -> Lesson:
    scaling = _scaling(wanted, inputs, targets)
    return Lesson(
        terms=wanted,
        inputs=_steps(inputs, scaling.input_mean, scaling.input_scale),
        targets=_steps(targets, scaling.output_mean, scaling.output_scale),
        scaling=scaling,
    )


def _steps(values: Tensor, mean: Tensor, scale: Tensor) -> Tensor:
    """How far from the mean, in steps of the scale."""
    import numpy as np

    moved = np.asarray(values, np.float32) - np.asarray(mean, np.float32)
    return np.ascontiguousarray(moved / np.asarray(scale, np.float32))


def _scaling(wanted: Terms, inputs: Tensor, targets: Tensor) -> Scaling:
    """Of images one number, of tables each feature; of answers only plain values, whose units could be anything."""
    import numpy as np

    nothing, one = np.zeros(()), np.ones(())
    plain = wanted.form is Form.values
    table = len(wanted.item) == 1
    return Scaling(
        input_mean=_mean(inputs) if table else nothing,
        input_scale=_spread(inputs, 0 if table else None),
        output_mean=_mean(targets) if plain else nothing,
        output_scale=_spread(targets, 0) if plain else one,
    )


def _mean(values: Tensor) -> NDArray[np.float64]:
    import numpy as np

    floats: NDArray[np.float32] = np.asarray(values, np.float32)
    return np.asarray(floats.mean(axis=0, dtype=np.float64), np.float64)


def _spread(values: Tensor, axis: int | None) -> NDArray[np.float64]:
    """The standard deviation, and 1 for what never changes."""
    import numpy as np

    floats: NDArray[np.float32] = np.asarray(values, np.float32)
    found = np.asarray(floats.std(axis=axis, dtype=np.float64), np.float64)
    return np.where(found > 0, found, 1.0)
