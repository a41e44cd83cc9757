"""What sessions of a model take of an accelerator's own memory: weights, activations and what the engine keeps for itself."""

from __future__ import annotations

from collections.abc import Mapping

from infractl.domain.figure import Basis, Figure
from infractl.domain.precision import Precision
from infractl.domain.profile import ModelProfile

WIDE_BYTES = 4.0
"""What an element takes in a file that profiles are of, unless it is narrower already."""

RESERVE_BYTES = (0.4e9, 1.0e9, 2.0e9)
"""Context, kernels and workspace of a GPU's engine, at least, expected and at most. Nobody measured them here."""
WEIGHTS_ERROR, ACTIVATIONS_ERROR = (1.0, 1.2), (0.5, 2.0)
"""The true memory over the computed one: weights are laid out anew and padded; arenas keep what former sizes took."""


def device_memory(
    profile: ModelProfile, precision: Precision, *, instances: int, batch: int, extents: Mapping[str, int] | None = None
) -> Figure:
    """Of one chip with so many sessions, each with a batch of so many items in it.

    `reserve + instances · (weights · w + peak of the activations at the batch · w)`, where w is what an element takes at the
    precision over what it takes in the file. Estimated.
    """
    narrowed = min(1.0, precision.bytes / WIDE_BYTES)
    weights = instances * narrowed * profile.weights_bytes
    activations = instances * narrowed * profile.peak_bytes(profile.sizes(batch, extents))
    low, reserve, high = RESERVE_BYTES
    return Figure(
        value=reserve + weights + activations,
        unit="B",
        low=low + WEIGHTS_ERROR[0] * weights + ACTIVATIONS_ERROR[0] * activations,
        high=high + WEIGHTS_ERROR[1] * weights + ACTIVATIONS_ERROR[1] * activations,
        basis=Basis.estimated,
        source=f"weights and activations in {precision}, and an assumed reserve of the engine",
    )
