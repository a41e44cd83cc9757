"""Rows of data as models take them: named inputs that share their first axis, and labels where there are any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from infractl.tensors import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """`inputs` by name, each [rows, ...]; `labels` [rows] or [rows, ...] in the same order, None where nobody gave any."""

    inputs: Mapping[str, Tensor]
    labels: Tensor | None = None

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values()), ()))

    def at(self, positions: Sequence[int]) -> Rows:
        """The rows at these positions, in their order."""
        chosen = list(positions)
        return Rows(
            inputs={name: tensor[chosen] for name, tensor in self.inputs.items()},
            labels=None if self.labels is None else self.labels[chosen],
        )

    @property
    def unlabelled(self) -> Rows:
        """The same rows without their labels."""
        return Rows(inputs=self.inputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Three sets without a row in common. Passes see `calibration` and `search`, never `gate`. `calibration` has no labels."""

    calibration: Rows
    search: Rows
    gate: Rows
